import { setTimeout as delay } from 'node:timers/promises';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import type { ProteusDevice } from '#testkit';
import { addressOf, type Established } from './conversation-establishment.ts';
import type { Story } from './story.ts';

/** A text on its way to devices. */
export interface Message {
  readonly from: ProteusDevice;
  readonly to: readonly ProteusDevice[];
  readonly text: string;
}

/** A message that was taken, with what each device is to find in its stream, in base64. */
export interface Sent extends Message {
  readonly ciphertexts: ReadonlyMap<ProteusDevice, string>;
}

/** Encrypts for each device and sends all of it as one message. */
export async function send(
  story: Story,
  { domain, id }: Established['conversation'],
  message: Message,
): Promise<Sent> {
  const { from, to, text } = message;
  const ciphertexts = new Map(
    to.map((device) => [device, from.encrypt(addressOf(device), text).toString('base64')]),
  );
  const body = writeQualifiedMessage({
    sender: from.clientId as ClientId,
    recipients: recipientsOf(ciphertexts),
    strategy: { tag: 'report-all' },
    nativePush: true,
    nativePriority: undefined,
    transient: false,
    data: undefined,
  });
  const path = `/conversations/${domain}/${id}/proteus/messages`;
  const answer = await from.user.send(path, { raw: { type: 'application/x-protobuf', bytes: body } });
  story.fact(`${from.user.name} wrote`, text);
  for (const [device, ciphertext] of ciphertexts)
    story.fact('went out as', `${ciphertext.slice(0, 48)}… to ${device.user.name}'s ${device.clientId}`);
  story.check(
    'the owner has taken it',
    answer.status === 201,
    `${answer.status} ${JSON.stringify(answer.body)}`,
  );
  return { ...message, ciphertexts };
}

type Recipients = Map<BackendDomain, Map<UserId, Map<ClientId, string>>>;

/** The devices are of different users. */
function recipientsOf(ciphertexts: Sent['ciphertexts']): Recipients {
  const recipients: Recipients = new Map();
  for (const [{ user, clientId }, ciphertext] of ciphertexts) {
    const domain = user.domain as BackendDomain;
    const users = recipients.get(domain) ?? new Map<UserId, Map<ClientId, string>>();
    users.set(user.id as UserId, new Map([[clientId as ClientId, ciphertext]]));
    recipients.set(domain, users);
  }
  return recipients;
}

interface StoredMessages {
  readonly notifications: readonly {
    readonly payload: readonly { readonly data?: { readonly text?: string } }[];
  }[];
}

const patienceMs = 20_000;

/** Waits for the ciphertext in a receiver's stream and decrypts it. */
export async function readAt(
  story: Story,
  to: ProteusDevice,
  { from, text, ciphertexts }: Sent,
): Promise<void> {
  const ciphertext = ciphertexts.get(to) ?? '';
  const deadline = performance.now() + patienceMs;
  let arrived = 0;
  while (arrived === 0 && performance.now() < deadline) {
    const answer = await to.user.send(`/notifications?size=1000&client=${to.clientId}`);
    const { notifications = [] } = answer.body as Partial<StoredMessages>;
    arrived = notifications
      .flatMap(({ payload }) => payload)
      .filter(({ data }) => data?.text === ciphertext).length;
    if (arrived === 0) await delay(50);
  }
  story.check(`it is in the stream of ${to.user.name}'s device, once`, arrived === 1, `${arrived} times`);
  const read = await to.decrypt(addressOf(from), Buffer.from(ciphertext, 'base64'));
  story.fact(`${to.user.name} reads`, read);
  story.check(`that is what ${from.user.name} wrote`, read === text, read);
}
