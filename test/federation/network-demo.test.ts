import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crosswireArgv, openProcess, until } from '#testkit';

/*
 * The demo is what a newcomer sees first: it has to go through, and to tell every hop of a federated call.
 */

describe('crosswire demo', () => {
  it('plays user discovery, an MLS group and the refusals, tells each hop, and ends with 0', async () => {
    await using run = openProcess(crosswireArgv('demo', '--once'));
    const { code } = await run.ended;
    assert.equal(code, 0, run.stdout() + run.stderr());
    for (const told of [
      /Flow: User Discovery/,
      /asked +GET \/v5\/search\/contacts\?q=bob&domain=b\.example\.com/,
      /DNS query +SRV +_wire-server-federator\._tcp\.b\.example\.com/,
      /DNS query +SRV +_wire-server-federator\._tcp\.a\.example\.com/,
      /B showed +CN=wire\.b\.example\.com/,
      /A showed +names wire\.a\.example\.com/,
      /"handle":"bob"/,
      /Flow: an MLS group/,
      /is told +409 mls-stale-message/,
      /Bob reads +Welcome, tablet\./,
      /federation-denied/,
      /AuthenticationFailure/,
      /ValidationError/,
    ])
      assert.match(run.stdout(), told);
  });

  it('stays up to play with until it is told to end', async () => {
    await using run = openProcess(crosswireArgv('demo'));
    await until('the demo to be told', () => run.stdout().includes('/v5/api/swagger-ui'), 60_000);
    const [, search = ''] = /curl -s '(http:\S+search\/contacts\S+)'/.exec(run.stdout()) ?? [];
    const [, token = ''] = /Authorization: (Bearer \S+)'/.exec(run.stdout()) ?? [];
    const answer = await fetch(search, { headers: { authorization: token } });
    assert.match(await answer.text(), /"handle":"bob"/);
    run.kill('SIGTERM');
    assert.equal((await run.ended).code, 0);
  });
});
