import { setTimeout as delay } from 'node:timers/promises';
import { type MadeCommit, MlsClient, type MlsTestGroup, type TestNetwork, until } from '#testkit';
import { connect, expectStatus } from '../federation/conversation-rig.ts';
import { followed } from '../federation/mls-rig.ts';
import { CommitOracle } from './commit-oracle.ts';

/** Members of one MLS group, on all backends of a network, who all commit as fast as they can. */
export interface MlsWriters {
  readonly members: readonly MlsClient[];
  readonly group: MlsTestGroup;
  readonly oracle: CommitOracle;
  /** What members could not take: nothing, if each epoch ends once and is told in order. */
  readonly failures: readonly string[];
  /** Resolves when so many epochs have ended, and everybody has an answer. */
  write(epochs: number): Promise<void>;
  /** Resolves when all are in the latest epoch, which it returns; not to get there is a failure of a member. */
  meet(): Promise<number>;
}

const welcome = 'conversation.mls-welcome';
/** A writer whose backend is away tries again. */
const retryMs = 100;
/** An owner that was killed is back before. */
const patienceMs = 60_000;

/** The first member makes the group, on the first backend, and adds the others. */
export async function openMlsWriters(network: TestNetwork, count: number): Promise<MlsWriters> {
  const members = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      MlsClient.create(network.backend(index % network.backends.length), `Writer ${index}`),
    ),
  );
  const [first, ...others] = members;
  if (first === undefined) throw new Error('no writers');
  for (const other of others) await connect(first.user, other.user);
  const group = await first.createGroup();
  expectStatus(await first.add(group, ...others.map(({ user }) => user)), 201);
  for (const other of others) await followed(other, ({ types }) => types.includes(welcome));
  const oracle = new CommitOracle(epochOf(first, group));
  const failures: string[] = [];
  const race = { group, oracle, failures };
  return {
    ...race,
    members,
    async write(epochs) {
      await Promise.all(
        members.map(async (member) => {
          let isThere = true;
          while (isThere && oracle.taken < epochs) isThere = await commitOnce(race, member);
        }),
      );
    },
    async meet() {
      const latest = Math.max(...members.map((member) => epochOf(member, group)));
      for (const member of members) {
        const there = until(`${member.user.name} to be in epoch ${latest}`, async () => {
          await follow(race, member);
          return epochOf(member, group) >= latest;
        });
        await isDone(race, there);
      }
      return latest;
    },
  };
}

export function epochOf({ device }: MlsClient, { groupId }: MlsTestGroup): number {
  return Number(device.epoch(groupId));
}

type Race = Pick<MlsWriters, 'group' | 'oracle'> & { readonly failures: string[] };

/** Tries to end the epoch in which the member is. False when it never finds itself in a later one. */
async function commitOnce(race: Race, member: MlsClient): Promise<boolean> {
  const { group, oracle } = race;
  const { name } = member.user;
  const epoch = epochOf(member, group);
  let isTaken = false;
  const made = await member.device.commit(group.groupId);
  const commit: MadeCommit = {
    ...made,
    accept() {
      isTaken = true;
      made.accept();
    },
  };
  const { answer, isCertain } = await handOver(member, commit);
  if (isTaken) {
    oracle.take(epoch, name, 'acknowledged');
    return true;
  }
  if (answer !== 'mls-stale-message') oracle.wonder(`${name} was answered ${answer} in epoch ${epoch}`);
  const ended = until(
    `${name} to know how epoch ${epoch} has ended`,
    async () => {
      await follow(race, member);
      if (epochOf(member, group) > epoch) return true;
      return !isCertain && (await member.settle(group, commit));
    },
    patienceMs,
  );
  if (!(await isDone(race, ended))) return false;
  if (!isTaken) oracle.lose();
  else if (isCertain) oracle.wonder(`${name} was refused in epoch ${epoch}, and its commit was taken`);
  else oracle.take(epoch, name, 'settled');
  return true;
}

/** False, and a failure, when it was awaited in vain. */
function isDone({ failures }: Race, awaited: Promise<true>): Promise<boolean> {
  return awaited.catch(({ message }: Error) => {
    failures.push(message);
    return false;
  });
}

interface HandedOver {
  /** A refusal's label. */
  readonly answer: string;
  /** No answer was lost before. */
  readonly isCertain: boolean;
}

/** The same commit, as long as answers are lost. */
async function handOver(member: MlsClient, commit: MadeCommit): Promise<HandedOver> {
  for (let isCertain = true; ; isCertain = false) {
    const answer = await member.submit(commit).catch(() => undefined);
    if (answer !== undefined && answer.status < 500)
      return { answer: String(answer.get('label')), isCertain };
    await delay(retryMs);
  }
}

/** Takes what is new; when the member's backend is away, nothing. */
async function follow({ failures }: Race, member: MlsClient): Promise<void> {
  const seen = await member.catchUp().catch(() => undefined);
  for (const failure of seen?.failures ?? []) failures.push(`${member.user.name}: ${failure}`);
  if (seen?.types.includes(welcome)) failures.push(`${member.user.name}: another welcome`);
}
