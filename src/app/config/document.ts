import { ConfigSchema } from './schema.ts';
import { pathKeyword, secretKeyword } from './setting.ts';

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly default?: unknown;
  readonly about?: string;
  readonly reason?: string;
  readonly expected?: string;
  readonly [pathKeyword]?: boolean;
  readonly [secretKeyword]?: boolean;
}

const head = `# Configuration

One YAML file for each backend, checked as a whole before anything starts: every wrong or unknown key is named with what
was expected. Paths are relative to the file. Durations and sizes are plain numbers of the unit that ends their name.
Values marked *secret* may also be \`{ env: NAME }\` (a variable) or \`{ file: PATH }\` (a file of its own).

A whole file needs no more than this; everything else has a default:

\`\`\`yaml
domain: example.com                    # backend domain: part of every identifier, cannot change later
infrastructureDomain: wire.example.com # what the certificate says
listen:
  ingress: { host: 0.0.0.0, port: 8443 } # remote federators
\`\`\`

This page is generated from \`src/app/config/schema.ts\` by \`npm run docs\`.
`;

/** The text of \`docs/config.md\`. */
export function configDocument(): string {
  return `${head}\n${section('', ConfigSchema as Node, true).join('\n')}\n`;
}

/** A heading and a table for the settings of a group, then the groups inside it. */
function section(path: string, node: Node, required: boolean): string[] {
  const members = Object.entries(node.properties ?? {});
  const plain = members.filter(([, member]) => groupIn(member) === undefined);
  const nested = members.filter(([, member]) => groupIn(member) !== undefined);
  const lines: string[] = [];
  if (path !== '') lines.push(`## \`${path}\``, '', `${node.about}${required ? '' : ' Optional.'}`, '');
  if (plain.length > 0) {
    lines.push('| key | expected | default | |', '| --- | --- | --- | --- |');
    for (const [key, member] of plain)
      lines.push(
        row(`${path === '' ? '' : `${path}.`}${key}`, member, node.required?.includes(key) ?? false),
      );
    lines.push('');
  }
  for (const [key, member] of nested) {
    const inner = groupIn(member);
    if (inner === undefined) continue;
    const at = `${path === '' ? '' : `${path}.`}${key}${member.type === 'array' ? '[]' : ''}`;
    lines.push(
      ...section(at, { ...inner, about: member.about ?? inner.about }, isRequired(node, key, member)),
    );
  }
  return lines;
}

/** The group that a member is, or a list of groups consists of. */
function groupIn(member: Node): Node | undefined {
  if (member.properties !== undefined) return member;
  return member.items?.properties === undefined ? undefined : member.items;
}

function isRequired(parent: Node, key: string, member: Node): boolean {
  return member.type !== 'array' && (parent.required?.includes(key) ?? false);
}

function row(path: string, member: Node, required: boolean): string {
  const secret = member[secretKeyword] ? '*secret*; ' : '';
  const expected = `${secret}${(member.expected ?? '').replace(', or { env: NAME } or { file: PATH }', '')}`;
  const items = member.items?.expected === undefined ? '' : `: ${member.items.expected}`;
  const fallback = member.default === undefined ? (required ? '**required**' : '–') : code(member.default);
  const reason = member.reason === undefined ? '' : ` (${member.reason})`;
  return `| \`${path}\` | ${cell(expected + items)} | ${fallback} | ${cell(`${member.about ?? ''}${reason}`)} |`;
}

function code(value: unknown): string {
  return `\`${cell(JSON.stringify(value))}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
