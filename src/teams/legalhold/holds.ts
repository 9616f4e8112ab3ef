import type { LegalholdStatusView } from '#contract/client/legalhold.ts';
import type { Push } from '#contract/events/push.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { isHeld, type LegalholdDevice } from '#contract/legalhold.ts';
import type { LegalholdStatus } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import type { LegalholdServiceRow, Reader, Storage, Work } from '#storage';
import { assertAdmin, assertPassword, getOwnMember, getTargetMember } from '../members/checks.ts';
import { findMember, setLegalholdStatus } from '../members/member-store.ts';
import type { TeamAccounts } from '../needs.ts';
import { lockTeam } from '../team-store.ts';
import { addUnsettled, findDevice, putDevice } from './device-store.ts';
import type { HoldEnding } from './hold-ending.ts';
import type { LegalholdRules } from './rules.ts';
import type { ServiceCalls } from './service.ts';
import { findService } from './service-store.ts';
import type { Settling } from './settling.ts';

/**
 * How a member comes under legal hold and out of it (reference client-api 9.4). The states of a member:
 *
 * - `no_consent`: was never asked; `consent` leads to `disabled`.
 * - `disabled`: has agreed; `request` of an admin leads to `pending`.
 * - `pending`: a device waits; `approve` of the member leads to `enabled`, `disable` of an admin back to `disabled`.
 * - `enabled`: the device is a client of the member; `disable` of an admin leads back to `disabled`.
 */
export interface Holds {
  /** False when the user has consented before. @throws Refusal `no-team-member` */
  consent(user: UserId, team: TeamId): Promise<boolean>;
  /** @throws Refusal `no-team-member` */
  view(team: TeamId, user: UserId): Promise<LegalholdStatusView>;
  /**
   * An admin asks for a device. False when one was waiting, which the new one replaces.
   * @throws Refusal `legalhold-not-enabled`, `no-team-member`, `operation-denied`, `legalhold-already-enabled`,
   * `legalhold-no-consent`, `legalhold-not-registered`, `legalhold-unavailable`, `legalhold-status-bad`
   */
  request(actor: UserId, team: TeamId, user: UserId): Promise<boolean>;
  /**
   * The member takes the device among its own.
   * @throws Refusal `legalhold-not-enabled`, `access-denied`, `no-team-member`, `legalhold-already-enabled`,
   * `legalhold-not-pending`, `legalhold-no-device-allocated`, `legalhold-not-registered`, `legalhold-unavailable`,
   * `legalhold-status-bad`
   */
  approve(origin: NonNullable<Push['origin']>, team: TeamId, user: UserId, password?: string): Promise<void>;
  /**
   * An admin ends it. False when there is nothing to end.
   * @throws Refusal `no-team-member`, `operation-denied`, `access-denied`
   */
  disable(actor: UserId, team: TeamId, user: UserId, password?: string): Promise<boolean>;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: () => TeamAccounts;
  readonly legalholdRules: LegalholdRules;
  readonly serviceCalls: ServiceCalls;
  readonly settling: Settling;
  readonly holdEnding: HoldEnding;
}

export function createHolds(needs: Needs): Holds {
  const { storage, accounts, legalholdRules, serviceCalls, settling, holdEnding } = needs;
  const { reader } = storage;

  /** When the device is there, the member and the team must still be such that it may be asked for. */
  async function keepRequest(
    work: Work,
    service: LegalholdServiceRow,
    user: UserId,
    device: LegalholdDevice,
  ): Promise<boolean> {
    const team = service.team as TeamId;
    if ((await lockTeam(work, team)) === undefined) throw refuse('no-team-member:target');
    await legalholdRules.assertEnabled(work.reader, team);
    await getService(work.reader, team);
    const { legalholdStatus } = await getTargetMember(work.reader, team, user);
    assertMayBeHeld(legalholdStatus);
    await putDevice(work, user, device);
    if (legalholdStatus === 'disabled') {
      await setLegalholdStatus(work, user, 'pending');
      await addUnsettled(work, user);
    }
    await accounts().legalhold.tellRequest(work, user, device);
    return legalholdStatus === 'disabled';
  }

  return {
    consent: (user, team) =>
      storage.work(async (work) => {
        await lockTeam(work, team);
        const { legalholdStatus } = await getTargetMember(work.reader, team, user);
        if (legalholdStatus !== 'no_consent') return false;
        await setLegalholdStatus(work, user, 'disabled');
        return true;
      }),

    async view(team, user) {
      const { legalholdStatus: status } = await getTargetMember(reader, team, user);
      const device = isHeld(status) ? await findDevice(reader, user) : undefined;
      if (device === undefined) return { status };
      const client = { id: accounts().legalhold.clientId(device) };
      return { status, client, last_prekey: device.last_prekey };
    },

    async request(actor, team, user) {
      await legalholdRules.assertEnabled(reader, team);
      assertAdmin(await getOwnMember(reader, team, actor));
      assertMayBeHeld((await getTargetMember(reader, team, user)).legalholdStatus);
      const service = await getService(reader, team);
      const device = await serviceCalls.initiate(service, user);
      const isNew = await storage.work((work) => keepRequest(work, service, user, device));
      await settling.settle(user);
      return isNew;
    },

    async approve(origin, team, user, password) {
      await legalholdRules.assertEnabled(reader, team);
      if (origin.user !== user) throw refuse('access-denied:resource');
      const member = await getOwnMember(reader, team, user);
      await assertPassword(accounts(), user, password);
      assertPending(member.legalholdStatus);
      const device = await findDevice(reader, user);
      if (device === undefined) throw refuse('legalhold-no-device-allocated');
      const service = await getService(reader, team);
      // Nobody without consent may be left when the device begins to listen.
      await settling.settle(user);
      const client = accounts().legalhold.draft(user, device);
      await serviceCalls.confirm(service, user, client);
      await storage.work(async (work) => {
        await lockTeam(work, team);
        const current = await getOwnMember(work.reader, team, user);
        assertPending(current.legalholdStatus);
        const waiting = await findDevice(work.reader, user);
        if (waiting?.last_prekey.key !== device.last_prekey.key) throw refuse('legalhold-not-pending');
        await client.keep(work, origin);
        await setLegalholdStatus(work, user, 'enabled');
      });
    },

    async disable(actor, team, user, password) {
      assertAdmin(await getOwnMember(reader, team, actor));
      const target = await findMember(reader, team, user);
      if (!isHeld(target?.legalholdStatus)) return false;
      await assertPassword(accounts(), actor, password);
      return await holdEnding.end(team, user);
    },
  };
}

/** @throws Refusal `legalhold-not-registered` */
async function getService(reader: Reader, team: TeamId): Promise<LegalholdServiceRow> {
  const service = await findService(reader, team);
  if (service === undefined) throw refuse('legalhold-not-registered');
  return service;
}

/** @throws Refusal `legalhold-already-enabled`, `legalhold-no-consent` */
function assertMayBeHeld(status: LegalholdStatus): void {
  if (status === 'enabled') throw refuse('legalhold-already-enabled');
  if (status === 'no_consent') throw refuse('legalhold-no-consent');
}

/** @throws Refusal `legalhold-already-enabled`, `legalhold-not-pending` */
function assertPending(status: LegalholdStatus): void {
  if (status === 'enabled') throw refuse('legalhold-already-enabled');
  if (status !== 'pending') throw refuse('legalhold-not-pending');
}
