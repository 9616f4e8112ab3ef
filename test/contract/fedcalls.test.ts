import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, it } from 'node:test';
import { federatedCalls } from '#contract/fedcalls/caused.ts';
import { shapeOf, whyUncaused } from '#contract/fedcalls/uncaused.ts';
import type { Method, Route } from '#contract/route.ts';
import { subjects, testOf } from '../federation/fedcalls/subjects.ts';

/*
 * The specification's table of client calls and federated calls, row by row: each is declared and played by a test, or
 * it is known why it cannot happen.
 */

interface TableRow {
  readonly method: Method;
  readonly path: string;
  readonly component: string;
  readonly rpc: string;
}

const file = env.CROSSWIRE_FEDCALLS;

function readTable(path: string): readonly TableRow[] {
  const [head, ...rows] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  assert.equal(head, 'source method,source path,target component,target name');
  return rows.map((row) => {
    const [method = '', path = '', component = '', rpc = ''] = row.split(',');
    return { method: method.toUpperCase() as Method, path, component, rpc };
  });
}

function isOf({ method, path }: Pick<Route, 'method' | 'path'>, row: TableRow): boolean {
  return method === row.method && shapeOf(path) === shapeOf(row.path);
}

describe('the table of federated calls', {
  skip: file === undefined && 'CROSSWIRE_FEDCALLS is not set',
}, () => {
  for (const row of file === undefined ? [] : readTable(file)) {
    const { method, path, component, rpc } = row;
    it(`${method} ${path} causes ${component} ${rpc}`, () => {
      const declared = federatedCalls.filter(
        (call) => isOf(call.route, row) && call.rpc.component === component && call.rpc.name === rpc,
      );
      const why = whyUncaused(method, path, rpc);
      assert.equal(
        declared.length > 0,
        why === undefined,
        'it is declared, or it is known why it cannot happen, and not both',
      );
      if (why !== undefined) return;
      assert.ok(
        declared.some((call) => testOf(call.route, call.rpc) !== undefined),
        'a test plays it',
      );
    });
  }
});

describe('declared federated calls', () => {
  for (const { route, rpc } of federatedCalls)
    it(`${route.method} ${route.path} causes ${rpc.name}, which a test plays`, () =>
      assert.ok(testOf(route, rpc)));

  it('are all that tests play', () => {
    const undeclared = subjects
      .flatMap(({ rows }) => rows)
      .filter(({ route, rpc }) => !federatedCalls.some((call) => call.route === route && call.rpc === rpc));
    assert.deepEqual(
      undeclared.map(({ route, rpc }) => `${route.method} ${route.path} ${rpc.name}`),
      [],
    );
  });
});
