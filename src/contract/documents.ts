import { brigRpcs } from './federation/brig.ts';
import { cargoholdRpcs } from './federation/cargohold.ts';
import { galleyRpcs } from './federation/galley.ts';
import { bundleRpcs } from './federation/outbox.ts';
import { type LabelKey, labels } from './labels.ts';
import { generatedNotice, lines, table } from './markdown.ts';
import { labelOf } from './refusal.ts';
import { federationVersions, type Rpc } from './rpc.ts';

/** Documents that are generated from the contract; `bin/docs.ts` writes them. */

/** RPCs by the name of their declaration, for each part that serves some. */
export type DeclaredRpcs = Readonly<Record<string, Readonly<Record<string, Rpc>>>>;

/** Every RPC of the contract. */
export const declaredRpcs: DeclaredRpcs = {
  brig: brigRpcs,
  galley: galleyRpcs,
  cargohold: cargoholdRpcs,
  outbox: bundleRpcs,
};

/** `docs/rpcs.md`: every federated call, and where to find it. */
export function rpcsDocument(declared: DeclaredRpcs = declaredRpcs): string {
  const entries = Object.entries(declared).flatMap(([part, rpcs]) =>
    Object.entries(rpcs).map(([constant, rpc]) => ({ part, constant, rpc })),
  );
  return lines(
    '# Federated calls',
    '',
    generatedNotice,
    '',
    'Every RPC that this backend speaks with others. *answered*: the caller waits; *queued*: told through the outbox;',
    '*streamed*: answers bytes.',
    '',
    table(
      ['component', 'RPC', 'versions', 'delivery', 'what it does'],
      entries.map(({ rpc }) => [rpc.component, `\`${rpc.name}\``, versionsOf(rpc), rpc.delivery, rpc.about]),
    ),
    '',
    '## Where to find each',
    '',
    'Called: where an editor lists references of the constant. [`fedcalls.md`](fedcalls.md) says which client calls cause',
    'each, and where that is tested.',
    '',
    table(
      ['RPC', 'declared', 'served', 'called'],
      entries.map(({ part, constant, rpc }) => [
        `\`${rpc.name}\``,
        `\`src/contract/federation/${part}.ts\``,
        `\`src/${part}/rpc/${rpc.name}.ts\``,
        `\`${constant}\``,
      ]),
    ),
  );
}

/** `docs/labels.md`: every label that a refusal can carry. */
export function labelsDocument(): string {
  const keys = (Object.keys(labels) as LabelKey[]).toSorted();
  return lines(
    '# Labels',
    '',
    generatedNotice,
    '',
    'Every `label` of an error body, with its HTTP status. One label may have several statuses or messages. Messages are',
    "the defaults: a refusal says what was found and what was expected instead where it knows. `error` is the seed's own",
    'name of the failure, sent beside the label.',
    '',
    table(
      ['label', 'status', 'message', 'error'],
      keys.map((key) => {
        const {
          status,
          message,
          error = '',
        } = labels[key] as {
          readonly status: number;
          readonly message: string;
          readonly error?: string;
        };
        return [`\`${labelOf(key)}\``, String(status), message, error];
      }),
    ),
  );
}

function versionsOf({ since }: Rpc): string {
  return federationVersions
    .filter((version) => version >= since)
    .map((version) => `v${version}`)
    .join(', ');
}
