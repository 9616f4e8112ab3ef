import type { TeamId, UserId } from '#contract/ids.ts';
import { parseJson } from '#contract/json.ts';
import { LegalholdDevice } from '#contract/legalhold.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import type { CallService } from '#contract/service-caller.ts';
import type { LegalholdServiceRow } from '#storage';
import type { TeamAccounts } from '../needs.ts';
import { legalholdServiceFailed } from '../telemetry.ts';
import { readServiceKey } from './service-key.ts';

/** What a legal hold service is asked and told (reference client-api 9.4). Never called inside a unit of work. */
export interface ServiceCalls {
  /** Whether it is there, with its key and well. */
  isWell(service: Omit<LegalholdServiceRow, 'auth_token'>): Promise<boolean>;
  /** Has it make a device. @throws Refusal `legalhold-unavailable`, `legalhold-status-bad` */
  initiate(service: LegalholdServiceRow, user: UserId): Promise<LegalholdDevice>;
  /** Tells it that a user has approved. @throws Refusal as `initiate` */
  confirm(service: LegalholdServiceRow, user: UserId, client: ConfirmedClient): Promise<void>;
  /** Tells it that a user is no longer under legal hold; false when it could not be told. */
  remove(service: LegalholdServiceRow, user: UserId): Promise<boolean>;
}

export interface ConfirmedClient {
  readonly id: string;
  /** With which the service logs in as the user. */
  readonly refreshToken: string;
}

interface Needs {
  readonly callService: CallService;
  readonly accounts: () => Pick<TeamAccounts, 'legalhold'>;
}

const badAnswer = 'legalhold-status-bad';
const deviceParser = compileParser(LegalholdDevice, badAnswer);

export function createServiceCalls({ callService, accounts }: Needs): ServiceCalls {
  async function call(
    { team, base_url: baseUrl, public_key, auth_token: token }: LegalholdServiceRow,
    path: string,
    body: object,
  ): Promise<Uint8Array> {
    const key = readServiceKey(public_key);
    if (key === undefined) throw refuse('legalhold-invalid-key');
    const json = JSON.stringify(body);
    const answer = await callService({ method: 'POST', baseUrl, path, keys: [key], token, body: json });
    if (!answer.reached) {
      legalholdServiceFailed(team, path, answer.reason);
      throw refuse('legalhold-unavailable');
    }
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    legalholdServiceFailed(team, path, `status ${answer.status}`);
    throw refuse(badAnswer, {
      message: `The LegalHold service: found status ${answer.status}, expected 200`,
    });
  }

  return {
    async isWell({ team, base_url: baseUrl, public_key }) {
      const key = readServiceKey(public_key);
      if (key === undefined) return false;
      const answer = await callService({ method: 'GET', baseUrl, path: '/status', keys: [key] });
      if (answer.reached && answer.status >= 200 && answer.status < 300) return true;
      legalholdServiceFailed(team, '/status', answer.reached ? `status ${answer.status}` : answer.reason);
      return false;
    },

    async initiate(service, user) {
      const bytes = await call(service, '/initiate', idsOf(service, user));
      const where = 'the answer of the LegalHold service';
      const device = deviceParser.parse(parseJson(bytes, where, badAnswer), where);
      if (accounts().legalhold.arePrekeys(device)) return device;
      throw refuse(badAnswer, {
        message: 'The answer of the LegalHold service: expected Proteus prekeys, the last one with id 65535',
      });
    },

    async confirm(service, user, { id, refreshToken }) {
      const body = { ...idsOf(service, user), client_id: id, refresh_token: refreshToken };
      await call(service, '/confirm', body);
    },

    async remove(service, user) {
      try {
        await call(service, '/remove', idsOf(service, user));
        return true;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return false;
      }
    },
  };
}

function idsOf(
  { team }: LegalholdServiceRow,
  user: UserId,
): { readonly team_id: TeamId; readonly user_id: UserId } {
  return { team_id: team as TeamId, user_id: user };
}
