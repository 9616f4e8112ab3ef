import { addClient } from '../client/clients.ts';
import * as members from '../client/conversation-members.ts';
import * as properties from '../client/conversation-properties.ts';
import { deleteTeamConversation } from '../client/conversations.ts';
import { setTeamFeature } from '../client/features.ts';
import * as legalhold from '../client/legalhold.ts';
import { access, login } from '../client/login.ts';
import { sendMlsMessage } from '../client/mls-messages.ts';
import { getActivate, postActivate, register } from '../client/registration.ts';
import { searchContacts } from '../client/search.ts';
import * as self from '../client/self.ts';
import { getMlsClients, getUsersByIds, onUserDeletedConnections } from '../federation/brig.ts';
import { onConversationUpdated, updateConversation } from '../federation/galley.ts';
import { onMlsMessageSent } from '../federation/mls-messages.ts';
import { createSparUser, legalholdLogin, ssoLogin } from '../internal/logins.ts';
import { createUser } from '../internal/users.ts';
import type { Method, Route } from '../route.ts';
import type { Rpc } from '../rpc.ts';

type Routes = readonly Pick<Route, 'method' | 'path'>[];

/** Federated calls that the seed's table names, and that cannot happen. */
export interface UncausedCalls {
  /** Undefined: whatever the route. */
  readonly routes?: Routes;
  /** By their names: not all are RPCs of this contract. Undefined: whatever the RPC. */
  readonly rpcs?: readonly string[];
  /** A sentence. */
  readonly because: string;
}

/** The seed's table was made from annotations of types, which say what a handler could call, not what it does. */
export const uncausedCalls: readonly UncausedCalls[] = [
  {
    rpcs: ['on-new-remote-conversation'],
    because: 'The RPC is gone: a backend learns of a conversation from `on-conversation-updated`.',
  },
  {
    routes: [{ method: 'POST', path: '/mls/welcome' }],
    because: 'The route is gone: welcomes come with commits, to `POST /mls/commit-bundles`.',
  },
  uncaused(
    [
      self.putSelf,
      self.putSelfLocale,
      self.putSelfHandle,
      self.deleteSelfPhone,
      self.deleteSelfEmail,
      register,
      getActivate,
      postActivate,
      addClient,
      access,
      login,
      createUser,
      createSparUser,
      ssoLogin,
      legalholdLogin,
    ],
    [onUserDeletedConnections],
    'No account is deleted on the way.',
  ),
  uncaused([searchContacts], [getUsersByIds], '`search-users` answers with all that is shown.'),
  uncaused(
    [
      members.updateMember,
      members.updateOwnDomainMember,
      properties.renameOwnDomainV1,
      properties.renameOwnDomain,
      properties.rename,
      properties.setOwnDomainMessageTimer,
      properties.setMessageTimer,
      properties.setOwnDomainReceiptMode,
      properties.setReceiptMode,
      deleteTeamConversation,
    ],
    [onMlsMessageSent],
    'Nobody leaves an MLS group that goes on, so no removal is proposed.',
  ),
  uncaused(
    [properties.setOwnDomainReceiptMode],
    [updateConversation],
    'The path has no domain: it names own conversations alone.',
  ),
  uncaused(
    [
      { method: setTeamFeature.method, path: setTeamFeature.path.replace(':feature', 'legalhold') },
      legalhold.deleteLegalholdSettings,
      legalhold.disableLegalhold,
      legalhold.consentToLegalhold,
      legalhold.approveLegalholdDevice,
    ],
    [onConversationUpdated, onMlsMessageSent],
    'Whoever has to leave a group on account of legal hold does so when it is asked for.',
  ),
  uncaused(
    [sendMlsMessage],
    [onConversationUpdated, getMlsClients],
    'Members come and go with commits, which `POST /mls/commit-bundles` takes.',
  ),
];

/** Why a federated call of a route cannot happen; undefined when nothing is known against it. */
export function whyUncaused(method: Method, path: string, rpc: string): string | undefined {
  return uncausedCalls.find(
    ({ routes, rpcs }) =>
      (rpcs === undefined || rpcs.includes(rpc)) &&
      (routes === undefined ||
        routes.some((route) => route.method === method && shapeOf(route.path) === shapeOf(path))),
  )?.because;
}

function uncaused(routes: Routes, rpcs: readonly Rpc[], because: string): UncausedCalls {
  return { routes, rpcs: rpcs.map(({ name }) => name), because };
}

/** A path without the names of its captures. */
export function shapeOf(path: string): string {
  return path.replace(/:\w+|\{\w+\}/g, '*');
}
