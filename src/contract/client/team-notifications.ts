import { Type } from 'typebox';
import { route } from '../route.ts';
import { Notification } from './notifications.ts';

/** The queue of a team: who has joined it, for admins who were away (reference client-api 9.3). */

/** How many notifications one answer has. */
export const teamPageSize = { max: 10_000, default: 1000 } as const;

export const getTeamNotifications = route('GET', '/teams/notifications', {
  about: "What has happened in one's team since a notification, with that one itself while it is stored.",
  auth: 'user',
  query: {
    since: Type.Optional(Type.String({ maxLength: 64, description: 'a version 1 UUID' })),
    size: Type.Optional(Type.String({ pattern: '^[0-9]{1,5}$', description: 'a number from 1 to 10000' })),
  },
  answers: {
    200: Type.Object({ notifications: Type.Array(Notification), has_more: Type.Boolean() }),
  },
});
