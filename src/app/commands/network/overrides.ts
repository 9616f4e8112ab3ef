import { OperatorError } from '../../terminal/failure.ts';

/** One `--set KEY=JSON`. */
export interface Override {
  /** `federation.dns.servers` */
  readonly key: string;
  readonly value: unknown;
}

export function parseOverride(argument: string): Override {
  const equals = argument.indexOf('=');
  const key = argument.slice(0, equals);
  const json = argument.slice(equals + 1);
  if (equals < 1 || !/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/.test(key))
    throw new OperatorError(
      `--set ${argument}: expected KEY=JSON, such as federation.strategy='"allowDynamic"' or mls.enabled=false`,
    );
  try {
    return { key, value: JSON.parse(json) };
  } catch (cause) {
    throw new OperatorError(
      `--set ${key}: found ${json}, expected JSON; a text needs its quotes: ${key}='${JSON.stringify(json)}'`,
      { cause },
    );
  }
}

/** A copy of the document with the values set; groups on the way are made. */
export function withOverrides(
  document: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): Record<string, unknown> {
  const copy = structuredClone(document) as Record<string, unknown>;
  for (const { key, value } of overrides) {
    const path = key.split('.');
    const last = path.pop();
    if (last === undefined) continue;
    let at = copy;
    for (const step of path) {
      const next = Object.hasOwn(at, step) ? at[step] : undefined;
      const inner = typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : {};
      at[step] = inner;
      at = inner;
    }
    at[last] = value;
  }
  return copy;
}
