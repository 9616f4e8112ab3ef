import { lastResortPrekeyId } from '#contract/devices.ts';
import type { Push } from '#contract/events/push.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { LegalholdDevice } from '#contract/legalhold.ts';
import type { Work } from '#storage';
import type { UserEvents } from '../accounts/user-events.ts';
import { clientIdOf } from '../clients/client-form.ts';
import type { Clients } from '../clients/clients.ts';
import { addCookie, removeLegalholdCookies } from '../login/cookie-store.ts';
import type { Sessions } from '../login/sessions.ts';
import { isProteusPrekey } from '../prekeys/proteus-bundle.ts';

/** The device of a legal hold service among those of the user whom it listens to (reference client-api 9.4). */
export interface LegalholdClients {
  /** Whether a service has made prekeys that can be a client's. */
  arePrekeys(device: LegalholdDevice): boolean;
  /** The id that a device has as a client. */
  clientId(device: LegalholdDevice): ClientId;
  /** What a device will be, before anything of it is kept. */
  draft(user: UserId, device: LegalholdDevice): LegalholdDraft;
  /** Takes the device away, if there is one, with the service's login, and tells that legal hold has ended. */
  end(work: Work, user: UserId): Promise<void>;
  /** Tells that a device waits for the user's approval. */
  tellRequest(work: Work, user: UserId, device: LegalholdDevice): Promise<void>;
}

export interface LegalholdDraft {
  readonly id: ClientId;
  /** Logs the service in, once the client is kept. */
  readonly refreshToken: string;
  /** Keeps client and login, and tells of both. @throws Refusal `invalid-user`, `suspended` */
  keep(work: Work, origin: Push['origin']): Promise<void>;
}

interface Needs {
  readonly clients: Pick<Clients, 'addLegalhold' | 'removeLegalhold'>;
  readonly sessions: Pick<Sessions, 'draft' | 'token'>;
  readonly userEvents: Pick<UserEvents, 'legalhold'>;
}

const clientId = ({ last_prekey }: LegalholdDevice): ClientId => clientIdOf(last_prekey);

export function createLegalholdClients({ clients, sessions, userEvents }: Needs): LegalholdClients {
  return {
    arePrekeys: ({ prekeys, last_prekey: last }) =>
      last.id === lastResortPrekeyId && [...prekeys, last].every(isProteusPrekey),

    clientId,

    draft(userId, device) {
      const cookie = sessions.draft({ userId, type: 'legalhold', label: null });
      return {
        id: clientId(device),
        refreshToken: sessions.token(cookie),
        async keep(work, origin) {
          await clients.addLegalhold(work, { userId, connectionId: origin?.connectionId }, device);
          await removeLegalholdCookies(work, userId);
          await addCookie(work, cookie);
          await userEvents.legalhold(work, { type: 'user.legalhold-enable', id: userId }, origin);
        },
      };
    },

    async end(work, user) {
      await clients.removeLegalhold(work, user);
      await removeLegalholdCookies(work, user);
      await userEvents.legalhold(work, { type: 'user.legalhold-disable', id: user }, undefined);
    },

    async tellRequest(work, id, device) {
      const { last_prekey } = device;
      const client = { id: clientId(device) };
      await userEvents.legalhold(
        work,
        { type: 'user.legalhold-request', id, client, last_prekey },
        undefined,
      );
    },
  };
}
