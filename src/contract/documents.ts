import { brigRpcs } from './federation/brig.ts';
import { cargoholdRpcs } from './federation/cargohold.ts';
import { galleyRpcs } from './federation/galley.ts';
import { bundleRpcs } from './federation/outbox.ts';
import { type LabelKey, labels } from './labels.ts';
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

const generated = '<!-- Generated from the contract by `npm run docs`; edits are overwritten. -->';

/** `docs/rpcs.md`: every federated call, and where to find it. */
export function rpcsDocument(declared: DeclaredRpcs = declaredRpcs): string {
  const entries = Object.entries(declared).flatMap(([part, rpcs]) =>
    Object.entries(rpcs).map(([constant, rpc]) => ({ part, constant, rpc })),
  );
  return lines(
    '# Federated calls',
    '',
    generated,
    '',
    'Every RPC that this backend speaks with others. *answered*: the caller waits; *queued*: told through the outbox;',
    '*streamed*: answers bytes.',
    '',
    row('component', 'RPC', 'versions', 'delivery', 'what it does'),
    row('---', '---', '---', '---', '---'),
    ...entries.map(({ rpc }) =>
      row(rpc.component, `\`${rpc.name}\``, versionsOf(rpc), rpc.delivery, rpc.about),
    ),
    '',
    '## Where to find each',
    '',
    'Called: where an editor lists references of the constant.',
    '',
    row('RPC', 'declared', 'served', 'called', 'tested'),
    row('---', '---', '---', '---', '---'),
    ...entries.map(({ part, constant, rpc }) =>
      row(
        `\`${rpc.name}\``,
        `\`src/contract/federation/${part}.ts\``,
        `\`src/${part}/rpc/${rpc.name}.ts\``,
        `\`${constant}\``,
        `\`test/federation/${rpc.name}.test.ts\``,
      ),
    ),
  );
}

/** `docs/labels.md`: every label that a refusal can carry. */
export function labelsDocument(): string {
  const keys = (Object.keys(labels) as LabelKey[]).toSorted();
  return lines(
    '# Labels',
    '',
    generated,
    '',
    'Every `label` of an error body, with its HTTP status. One label may have several statuses or messages. Messages are',
    "the defaults: a refusal says what was found and what was expected instead where it knows. `error` is the seed's own",
    'name of the failure, sent beside the label.',
    '',
    row('label', 'status', 'message', 'error'),
    row('---', '---', '---', '---'),
    ...keys.map((key) => {
      const {
        status,
        message,
        error = '',
      } = labels[key] as {
        readonly status: number;
        readonly message: string;
        readonly error?: string;
      };
      return row(`\`${labelOf(key)}\``, String(status), message, error);
    }),
  );
}

function versionsOf({ since }: Rpc): string {
  return federationVersions
    .filter((version) => version >= since)
    .map((version) => `v${version}`)
    .join(', ');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
