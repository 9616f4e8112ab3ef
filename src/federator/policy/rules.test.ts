import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { RemoteDomain, SearchPolicy } from '#contract/profiles.ts';
import type { FederationStrategy } from '../faces.ts';
import { createFederationRules, type FederationRules } from './rules.ts';

const domain = 'b.example.com' as BackendDomain;
const listedTeam = '0000304a-0000-0d5e-0000-3fac00003993' as TeamId;
const otherTeam = '00003356-0000-1a67-0000-5a0400000a5a' as TeamId;

type Restriction = RemoteDomain['restriction'];
const allowAll: Restriction = { tag: 'allow_all', value: null };
const byTeam: Restriction = { tag: 'restrict_by_team', value: [listedTeam] };

/** @param restriction undefined: the domain is not listed. */
function rules(
  strategy: FederationStrategy,
  restriction: Restriction | undefined,
  policy: SearchPolicy = 'full_search',
): FederationRules {
  const remote = restriction && { domain, search_policy: policy, restriction };
  return createFederationRules({ strategy, find: (asked) => (asked === domain ? remote : undefined) });
}

describe('whether own users may connect with a remote user (reference 2.5)', () => {
  const rows: readonly (readonly [FederationStrategy, Restriction | undefined, TeamId | null, boolean])[] = [
    ['allowNone', undefined, null, false],
    ['allowNone', allowAll, listedTeam, false],
    ['allowNone', byTeam, listedTeam, false],
    ['allowAll', undefined, null, true],
    ['allowAll', allowAll, null, true],
    ['allowAll', byTeam, otherTeam, true],
    ['allowAll', byTeam, null, true],
    ['allowDynamic', undefined, listedTeam, false],
    ['allowDynamic', undefined, null, false],
    ['allowDynamic', allowAll, otherTeam, true],
    ['allowDynamic', allowAll, null, true],
    ['allowDynamic', byTeam, listedTeam, true],
    ['allowDynamic', byTeam, otherTeam, false],
    ['allowDynamic', byTeam, null, false],
  ];
  for (const [strategy, restriction, team, expected] of rows)
    it(`${strategy}, ${restriction?.tag ?? 'not listed'}, ${nameOf(team)}: ${expected ? 'yes' : 'no'}`, () => {
      assert.equal(rules(strategy, restriction).federatesWith(domain, team), expected);
    });
});

describe('what a remote may search (reference 2.6)', () => {
  const rows: readonly (readonly [Restriction | undefined, SearchPolicy, TeamId | null, SearchPolicy])[] = [
    [undefined, 'full_search', listedTeam, 'no_search'],
    [allowAll, 'no_search', null, 'no_search'],
    [allowAll, 'exact_handle_search', otherTeam, 'exact_handle_search'],
    [allowAll, 'full_search', null, 'full_search'],
    [byTeam, 'full_search', listedTeam, 'full_search'],
    [byTeam, 'exact_handle_search', listedTeam, 'exact_handle_search'],
    [byTeam, 'full_search', otherTeam, 'no_search'],
    [byTeam, 'full_search', null, 'no_search'],
  ];
  for (const strategy of ['allowNone', 'allowDynamic', 'allowAll'] as const)
    for (const [restriction, policy, team, expected] of rows)
      it(`${strategy}, ${restriction?.tag ?? 'not listed'}, ${policy}, ${nameOf(team)}: ${expected}`, () => {
        assert.equal(rules(strategy, restriction, policy).searchPolicyFor(domain, team), expected);
      });

  it('looks at no restriction for a handle', () => {
    assert.equal(
      rules('allowDynamic', byTeam, 'exact_handle_search').handlePolicyFor(domain),
      'exact_handle_search',
    );
    assert.equal(rules('allowAll', undefined).handlePolicyFor(domain), 'no_search');
  });
});

describe('which teams own users may find (reference 2.6)', () => {
  it('all of a remote without restriction', () => {
    assert.equal(rules('allowDynamic', allowAll).onlyInTeams(domain), null);
  });
  it('the listed ones of a restricted remote', () => {
    assert.deepEqual(rules('allowDynamic', byTeam).onlyInTeams(domain), [listedTeam]);
  });
  it('none of a remote that is not listed', () => {
    assert.deepEqual(rules('allowAll', undefined).onlyInTeams(domain), []);
  });
});

function nameOf(team: TeamId | null): string {
  if (team === null) return 'no team';
  return team === listedTeam ? 'a listed team' : 'another team';
}
