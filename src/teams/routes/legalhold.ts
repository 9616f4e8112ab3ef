import * as client from '#contract/client/legalhold.ts';
import * as internal from '#contract/internal/legalhold.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import type { HoldEnding } from '../legalhold/hold-ending.ts';
import type { Holds } from '../legalhold/holds.ts';
import { consentAll, isListed, listTeam, unlistTeam } from '../legalhold/listed-teams.ts';
import type { LegalholdRules } from '../legalhold/rules.ts';
import type { ServiceSettings } from '../legalhold/service-settings.ts';
import { assertAdmin, assertPassword, getOwnMember } from '../members/checks.ts';
import type { TeamAccounts } from '../needs.ts';
import type { LegalholdPolicy, TeamsSettings } from '../settings.ts';

const byList = 'whitelist-teams-and-implicit-consent' satisfies LegalholdPolicy;

interface Needs {
  readonly storage: Pick<Storage, 'reader'>;
  readonly accounts: () => Pick<TeamAccounts, 'verifyPassword'>;
  readonly settings: TeamsSettings;
  readonly legalholdRules: LegalholdRules;
  readonly serviceSettings: ServiceSettings;
  readonly holds: Holds;
  readonly holdEnding: Pick<HoldEnding, 'endAll'>;
}

/** Legal hold of teams (reference client-api 9.4). */
export function legalholdRoutes(needs: Needs): readonly ServedRoute[] {
  return [...serviceRoutes(needs), ...holdRoutes(needs)];
}

function serviceRoutes(needs: Needs): readonly ServedRoute[] {
  const { storage, accounts, settings, legalholdRules, serviceSettings, holdEnding } = needs;
  return [
    handle(client.createLegalholdSettings, async ({ user, params, body }) => ({
      status: 201,
      body: await serviceSettings.register(user.userId, params.tid, body),
    })),
    handle(client.getLegalholdSettings, async ({ user, params }) => ({
      status: 200,
      body: await serviceSettings.view(user.userId, params.tid),
    })),
    handle(client.deleteLegalholdSettings, async ({ user, params: { tid: team }, body }) => {
      if (settings.legalhold === byList) throw refuse('legalhold-disable-unimplemented');
      await legalholdRules.assertEnabled(storage.reader, team);
      assertAdmin(await getOwnMember(storage.reader, team, user.userId));
      await assertPassword(accounts(), user.userId, body.password);
      await holdEnding.endAll(team);
      return { status: 204 };
    }),
  ];
}

function holdRoutes({ holds }: Needs): readonly ServedRoute[] {
  return [
    handle(client.consentToLegalhold, async ({ user, params }) => ({
      status: (await holds.consent(user.userId, params.tid)) ? 201 : 204,
    })),
    handle(client.getLegalholdStatus, async ({ params }) => ({
      status: 200,
      body: await holds.view(params.tid, params.uid),
    })),
    handle(client.requestLegalholdDevice, async ({ user, params }) => ({
      status: (await holds.request(user.userId, params.tid, params.uid)) ? 201 : 204,
    })),
    handle(client.approveLegalholdDevice, async ({ user, params, body }) => {
      const origin = { user: user.userId, connectionId: user.connectionId };
      await holds.approve(origin, params.tid, params.uid, body.password);
      return { status: 200 };
    }),
    handle(client.disableLegalhold, async ({ user, params, body }) => ({
      status: (await holds.disable(user.userId, params.tid, params.uid, body.password)) ? 200 : 204,
    })),
  ];
}

interface InternalNeeds {
  readonly storage: Storage;
  readonly settings: TeamsSettings;
}

/** Which teams have legal hold where operators list them (reference client-api 2.9). */
export function internalLegalholdRoutes({ storage, settings }: InternalNeeds): readonly ServedRoute[] {
  return [
    handle(internal.listLegalholdTeam, async ({ params }) => {
      await storage.work(async (work) => {
        await listTeam(work, params.tid);
        if (settings.legalhold === byList) await consentAll(work, params.tid);
      });
      return { status: 200 };
    }),
    handle(internal.unlistLegalholdTeam, async ({ params }) => {
      await storage.work((work) => unlistTeam(work, params.tid));
      return { status: 204 };
    }),
    handle(internal.getListedLegalholdTeam, async ({ params }) => ({
      status: (await isListed(storage.reader, params.tid)) ? 200 : 404,
    })),
  ];
}
