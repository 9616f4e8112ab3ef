// The rules of the house: an arrow points from app to parts, from parts to contract, storage, telemetry and mls, and never
// sideways into another part. (Node and tsc already refuse a deep import, because package.json lists the faces only.)
import { Visitor } from '@swc/core/Visitor.js';

// Its parser's visitor does not know `await using`; what such a declaration imports is in its initialisers.
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

const parts = ['federator', 'brig', 'gateway', 'notifications', 'outbox', 'galley', 'cargohold', 'teams', 'services', 'external'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'contract-knows-nothing-else',
      severity: 'error',
      from: { path: '^src/contract/' },
      to: { path: '^src/', pathNot: '^src/contract/' },
    },
    {
      name: 'storage-and-telemetry-know-contract-only',
      severity: 'error',
      from: { path: '^src/(storage|telemetry)/' },
      to: { path: '^src/', pathNot: '^src/(contract|storage|telemetry)/' },
    },
    {
      name: 'mls-knows-contract-only',
      severity: 'error',
      from: { path: '^src/mls/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(mls|contract)/' },
    },
    ...parts.map((part) => ({
      name: `${part}-reaches-no-other-part`,
      severity: 'error',
      from: { path: `^src/${part}/`, pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(${part}|contract|storage|telemetry|mls)/` },
    })),
    {
      name: 'testkit-is-for-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testkit/|\\.test\\.ts$|^src/app/commands/(network|demo|init)' },
      to: { path: '^src/testkit/' },
    },
    {
      name: 'only-app-joins-parts',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/app/|\\.test\\.ts$' },
      to: { path: '^src/app/' },
    },
    {
      name: 'no-development-packages-in-parts',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testkit/|\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
};
