/**
 * App: where the parts meet. Configuration, wiring, command line, shutdown.
 *
 * Start reading at `backend.ts`: it opens every part in order and closes them in the opposite one. `program.ts` is the
 * command line; each command has a file in `commands/`, and what only it needs in a folder of its name.
 */
export { type Backend, type BackendOptions, openBackend, type Role } from './backend.ts';
export { type Config, ConfigError, configDocument, loadConfig } from './config.ts';
