import { refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import { ServiceTag } from '#contract/services.ts';
import type { Reader, ServiceRow } from '#storage';
import { listEnabled, nameKey } from './service-store.ts';

/** One page of services that were found. */
export interface ServicePage {
  readonly services: readonly ServiceRow[];
  readonly hasMore: boolean;
}

/** Alternatives, each of which is tags that a service must have all of. */
type TagQuery = readonly (readonly string[])[];

/** Operators have some hundred services at most; beyond, a search sees the first by name. */
const mostSearched = 2_000;
const maxTags = 3;

/**
 * Finds services that can be used: by tags, with names from `start` on, or by the beginning of their names.
 * @throws Refusal `bad-request` when neither is given or tags are unknown
 */
export async function searchServices(
  reader: Reader,
  { tags, start }: { readonly tags?: string; readonly start?: string },
  size: number,
): Promise<ServicePage> {
  if (tags === undefined && start === undefined) {
    throw refuse('bad-request', { message: 'At least `tags` or `start` must be provided.' });
  }
  const wanted = tags === undefined ? undefined : readTags(tags);
  const found = await listEnabled(reader, start ?? '', mostSearched);
  const matching =
    wanted === undefined ? withPrefix(found, start ?? '') : found.filter((row) => hasTags(row, wanted));
  return pageOf(matching, size);
}

/** The first `size` of the services. */
export function pageOf(services: readonly ServiceRow[], size: number): ServicePage {
  return { services: services.slice(0, size), hasMore: services.length > size };
}

export function withPrefix(services: readonly ServiceRow[], prefix: string): readonly ServiceRow[] {
  const key = nameKey(prefix);
  return services.filter(({ name_key }) => name_key.startsWith(key));
}

const tag = compileParser(ServiceTag);

/** `a,b.c`: a, or both b and c. */
function readTags(text: string): TagQuery {
  const alternatives = text
    .split(',')
    .map((all) => all.split('.').map((one) => tag.parse(one, 'query.tags')));
  if (alternatives.length <= maxTags && alternatives.every((all) => all.length <= maxTags))
    return alternatives;
  throw refuse('bad-request', {
    message: `query.tags: expected at most ${maxTags} alternatives of ${maxTags} tags`,
  });
}

function hasTags({ tags }: ServiceRow, wanted: TagQuery): boolean {
  const own = new Set(JSON.parse(tags) as string[]);
  return wanted.some((all) => all.every((one) => own.has(one)));
}
