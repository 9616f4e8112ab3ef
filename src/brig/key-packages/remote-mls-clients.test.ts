import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuse } from '#contract/refusal.ts';
import { newUserId, remoteDomain, scriptedFederation } from '../users/account-fixture.ts';
import { createRemoteMlsClients } from './remote-mls-clients.ts';

const [alice, bob] = [newUserId(), newUserId()];

describe('MLS clients of a remote', () => {
  it('are asked for once for each user, and one that is told twice is one', async () => {
    const federation = scriptedFederation(async ({ input }) => {
      const { user_id: user } = input as { readonly user_id: string };
      if (user === bob) return [];
      return [
        { id: '1f4', mls: true, class: 'phone' },
        { id: '502', mls: false },
        { id: '1f4', mls: true },
      ];
    });
    const remote = createRemoteMlsClients(federation);
    const found = await remote.mlsClientsOf(remoteDomain, [alice, bob, alice], 2);
    assert.deepEqual(
      [...found],
      [
        [
          alice,
          [
            { id: '1f4', mls: true },
            { id: '502', mls: false },
          ],
        ],
        [bob, []],
      ],
    );
    assert.deepEqual(
      federation.calls.map(({ input }) => input),
      [
        { user_id: alice, cipher_suite: 2 },
        { user_id: bob, cipher_suite: 2 },
      ],
    );
  });

  it('cannot be known while it does not answer for one of them', async () => {
    const federation = scriptedFederation(async ({ input }) => {
      if ((input as { readonly user_id: string }).user_id === bob)
        throw refuse('federation-connection-refused');
      return [];
    });
    const asked = createRemoteMlsClients(federation).mlsClientsOf(remoteDomain, [alice, bob], 1);
    await assert.rejects(asked, { key: 'federation-connection-refused' });
  });
});
