import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import type { CrowdMember } from './crowd.ts';

/** What Wire's clients send for a short text. */
const ciphertextBytes = 300;

/** Makes the n-th Proteus message for everybody: its number stands at the end of each ciphertext. */
export function writerFor(sender: string, everybody: readonly CrowdMember[]): (number: number) => Buffer {
  const bytes = Buffer.alloc(ciphertextBytes, 'x');
  return (number) => {
    bytes.writeUInt32BE(number, ciphertextBytes - 4);
    const text = bytes.toString('base64');
    const recipients = new Map<BackendDomain, Map<UserId, Map<ClientId, string>>>();
    for (const { domain, user, clients } of everybody) {
      const users = recipients.get(domain as BackendDomain) ?? new Map<UserId, Map<ClientId, string>>();
      users.set(user as UserId, new Map(clients.map((client) => [client as ClientId, text])));
      recipients.set(domain as BackendDomain, users);
    }
    return writeQualifiedMessage({
      sender: sender as ClientId,
      recipients,
      nativePush: true,
      nativePriority: undefined,
      transient: false,
      data: undefined,
      strategy: { tag: 'report-all' },
    });
  };
}

/** The number of such a message, or of another that ends with it. */
export function numberOf(message: Buffer): number {
  return message.readUInt32BE(message.length - 4);
}
