import type { LegalholdServiceView, NewLegalholdService } from '#contract/client/legalhold.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { LegalholdServiceRow, Storage } from '#storage';
import { assertAdmin, getOwnMember } from '../members/checks.ts';
import { lockTeam } from '../team-store.ts';
import type { LegalholdRules } from './rules.ts';
import type { ServiceCalls } from './service.ts';
import { fingerprintOf, readServiceKey } from './service-key.ts';
import { findService, putService } from './service-store.ts';

/** Which service a team has for legal hold. */
export interface ServiceSettings {
  /**
   * @throws Refusal `legalhold-not-enabled`, `no-team-member`, `operation-denied`, `bad-request`,
   * `legalhold-invalid-key`, `legalhold-status-bad`
   */
  register(actor: UserId, team: TeamId, given: NewLegalholdService): Promise<LegalholdServiceView>;
  /** @throws Refusal `no-team-member`, `operation-denied` */
  view(viewer: UserId, team: TeamId): Promise<LegalholdServiceView>;
}

interface Needs {
  readonly storage: Storage;
  readonly legalholdRules: LegalholdRules;
  readonly serviceCalls: Pick<ServiceCalls, 'isWell'>;
}

export function createServiceSettings({ storage, legalholdRules, serviceCalls }: Needs): ServiceSettings {
  const { reader } = storage;
  return {
    async register(actor, team, given) {
      await legalholdRules.assertEnabled(reader, team);
      assertAdmin(await getOwnMember(reader, team, actor));
      if (!URL.canParse(given.base_url)) {
        throw refuse('bad-request', { message: 'body.base_url: found no URL, expected one' });
      }
      const { base_url, public_key, auth_token } = given;
      const service: LegalholdServiceRow = { team, base_url, public_key, auth_token };
      const shown = configured(service);
      if (!(await serviceCalls.isWell(service))) throw refuse('legalhold-status-bad');
      await storage.work(async (work) => {
        if ((await lockTeam(work, team)) === undefined) throw refuse('no-team-member');
        await legalholdRules.assertEnabled(work.reader, team);
        assertAdmin(await getOwnMember(work.reader, team, actor));
        await putService(work, team, given);
      });
      return shown;
    },

    async view(viewer, team) {
      assertAdmin(await getOwnMember(reader, team, viewer));
      if (!(await legalholdRules.isEnabled(reader, team))) return { status: 'disabled' };
      const service = await findService(reader, team);
      return service === undefined ? { status: 'not_configured' } : configured(service);
    },
  };
}

/** @throws Refusal `legalhold-invalid-key` */
function configured({ team, base_url, public_key, auth_token }: LegalholdServiceRow): LegalholdServiceView {
  const key = readServiceKey(public_key);
  if (key === undefined) throw refuse('legalhold-invalid-key');
  const settings = {
    team_id: team as TeamId,
    base_url,
    public_key,
    auth_token,
    fingerprint: fingerprintOf(key),
  };
  return { status: 'configured', settings };
}
