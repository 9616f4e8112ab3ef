/**
 * Whole federations for tests: `openNetwork` runs `crosswire network` and fails when anything of it is left behind.
 * `openProcess` and `until` are the two things that tests of running programs need besides.
 */
export {
  crosswireArgv,
  type NetworkBackend,
  type NetworkOptions,
  openNetwork,
  type TestNetwork,
} from './network.ts';
export { gone, isRunning, openProcess, type ProcessOptions, type TestProcess } from './processes.ts';
export { until } from './until.ts';
