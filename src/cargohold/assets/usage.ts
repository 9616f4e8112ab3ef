import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader, Work } from '#storage';

/** How much room users take with their files, against what each may have. */

/** Refuses what cannot fit before its bytes are read. @throws Refusal `asset-quota-exceeded` */
export async function mustFit(
  reader: Reader,
  owner: UserId,
  size: number,
  quotaBytes: number | undefined,
): Promise<void> {
  if (quotaBytes === undefined) return;
  const row = await reader
    .selectFrom('asset_usage')
    .select('bytes')
    .where('owner', '=', owner)
    .executeTakeFirst();
  const used = Number(row?.bytes ?? 0);
  if (used + size > quotaBytes) throw exceeded(size, quotaBytes - used);
}

/**
 * Takes room for a file. Uploads of one user wait for each other here until the unit of work ends, so that several at
 * once take no more than there is. @throws Refusal `asset-quota-exceeded`
 */
export async function takeRoom(
  work: Work,
  owner: UserId,
  size: number,
  quotaBytes = Number.MAX_SAFE_INTEGER,
): Promise<void> {
  if (size > quotaBytes) throw exceeded(size, quotaBytes);
  const taken = await work.db
    .insertInto('asset_usage')
    .values({ owner, bytes: size })
    .onConflict((conflict) =>
      conflict
        .column('owner')
        .doUpdateSet((column) => ({ bytes: column('asset_usage.bytes', '+', size) }))
        .where('asset_usage.bytes', '<=', quotaBytes - size),
    )
    .returning('bytes')
    .executeTakeFirst();
  if (taken === undefined) throw exceeded(size, undefined);
}

/** The room of a file that goes. */
export async function giveBack(work: Work, owner: UserId, size: number): Promise<void> {
  await work.db
    .updateTable('asset_usage')
    .set((column) => ({ bytes: column('bytes', '-', size) }))
    .where('owner', '=', owner)
    .execute();
}

function exceeded(size: number, left: number | undefined) {
  const room = left === undefined ? 'less' : `${Math.max(left, 0)} bytes`;
  return refuse('asset-quota-exceeded', {
    message: `The file has ${size} bytes, and there is room for ${room}; delete others first`,
  });
}
