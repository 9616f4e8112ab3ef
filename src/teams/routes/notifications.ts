import { getTeamNotifications, teamPageSize } from '#contract/client/team-notifications.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import { findMembership } from '../members/member-store.ts';
import type { QueueIds } from '../needs.ts';
import { listQueue } from '../queue/team-queue.ts';

interface Needs {
  readonly storage: Pick<Storage, 'reader'>;
  readonly queueIds: QueueIds;
  /** Position before which nothing is shown any more. */
  oldest(): number;
}

/** A gap is no failure here: who asks looks whether its last notification comes first. */
export function teamNotificationRoutes({ storage, queueIds, oldest }: Needs): readonly ServedRoute[] {
  const { reader } = storage;
  return [
    handle(getTeamNotifications, async ({ user, query }) => {
      const since = query.since === undefined ? 0 : queueIds.timeOf(query.since);
      if (since === undefined) throw refuse('invalid-notification-id');
      const size = readSize(query.size);
      const membership = await findMembership(reader, user.userId);
      if (membership === undefined) throw refuse('no-team');
      const found = await listQueue(reader, membership.team, Math.max(since, oldest()), size + 1);
      const notifications = found
        .slice(0, size)
        .map(({ at, event }) => ({ id: queueIds.idOf(at), payload: [event] }));
      return { status: 200, body: { notifications, has_more: found.length > size } };
    }),
  ];
}

function readSize(text: string | undefined): number {
  const size = text === undefined ? teamPageSize.default : Number(text);
  if (size >= 1 && size <= teamPageSize.max) return size;
  throw refuse('bad-request', {
    message: `query.size: found ${text}, expected a number from 1 to ${teamPageSize.max}`,
  });
}
