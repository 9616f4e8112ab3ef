import type { TSchema } from 'typebox';

/**
 * Members that may be left out may as well be sent as null: on reading both are the same (reference federation-api 0.2;
 * wire-server's clients write null for what they do not set). Required members, and those whose schema gives null a
 * meaning of its own, stay as they are.
 *
 * @returns the value without such members, or the value itself when it has none
 */
export function leaveOutNulls(schema: TSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const node = schema as Record<string, unknown>;
  if (Array.isArray(node.anyOf)) {
    return (node.anyOf as TSchema[]).reduce<unknown>((left, each) => leaveOutNulls(each, left), value);
  }
  if (Array.isArray(value)) return leaveOutOfItems(node.items, value);
  if (node.type !== 'object') return value;
  return leaveOutOfMembers(node, value as Readonly<Record<string, unknown>>);
}

function leaveOutOfItems(items: unknown, values: readonly unknown[]): unknown {
  if (items === undefined) return values;
  const left = values.map((value, index) => {
    const schema = Array.isArray(items) ? items[index] : items;
    return schema === undefined ? value : leaveOutNulls(schema as TSchema, value);
  });
  return left.some((value, index) => value !== values[index]) ? left : values;
}

function leaveOutOfMembers(node: Record<string, unknown>, value: Readonly<Record<string, unknown>>): unknown {
  const properties = new Map(Object.entries((node.properties ?? {}) as Record<string, TSchema>));
  const required = new Set(node.required as readonly string[] | undefined);
  const [others] = Object.values((node.patternProperties ?? {}) as Record<string, TSchema>);
  let changed = false;
  const left: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const schema = properties.get(name);
    if (member === null && schema !== undefined && !required.has(name) && !takesNull(schema)) {
      changed = true;
      continue;
    }
    const of = schema ?? others;
    const kept = of === undefined ? member : leaveOutNulls(of, member);
    changed ||= kept !== member;
    left.push([name, kept]);
  }
  return changed ? Object.fromEntries(left) : value;
}

function takesNull(schema: TSchema): boolean {
  const node = schema as Record<string, unknown>;
  if (Array.isArray(node.anyOf)) return (node.anyOf as TSchema[]).some(takesNull);
  return node.type === 'null' || node.type === undefined;
}
