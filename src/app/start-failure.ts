import { Refusal } from '#contract/refusal.ts';
import { CertificateFileError } from '#federator';
import { StorageOpenError } from '#storage';
import type { Config } from './config.ts';
import { OperatorError } from './terminal/failure.ts';

const portProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: another program, or this backend a second time',
  EACCES: 'may not be listened on by this user: ports below 1024 need a right of their own',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ENOTFOUND: 'cannot be resolved to an address',
};

/** Turns what a start failed with into one line that says what to mend; anything else is passed on as it is. */
export function explainStart(failure: unknown, config: Config): unknown {
  if (failure instanceof CertificateFileError) {
    const setting = (['certificate', 'key', 'ca'] as const).find(
      (name) => config.federation[name] === failure.file,
    );
    return new OperatorError(`federation.${setting ?? 'certificate'}: ${failure.message}`, {
      cause: failure,
    });
  }
  const network = networkError(failure);
  const problem = portProblems[network?.code ?? ''];
  if (network !== undefined && problem !== undefined) {
    const { host, port, name } = placeOf(network, config);
    return new OperatorError(`${name}: ${host}:${port} ${problem}`, { cause: failure });
  }
  const storageFailed =
    failure instanceof StorageOpenError ||
    (failure instanceof Refusal && failure.label === 'storage-unavailable');
  if (storageFailed) return new OperatorError(`storage.url: ${failure.message}`, { cause: failure });
  return failure;
}

interface ListenError {
  readonly code?: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** Parts wrap the system's error in one of their own that names their listener. */
function networkError(failure: unknown): ListenError | undefined {
  for (let at: unknown = failure; at instanceof Error; at = at.cause) {
    const { code, syscall } = at as ListenError;
    if (code !== undefined && (syscall === 'listen' || syscall === 'getaddrinfo')) return at as ListenError;
  }
  return undefined;
}

function placeOf({ address, hostname, port }: ListenError, { listen }: Config) {
  const named = Object.entries(listen).find(
    ([, at]) =>
      at !== undefined &&
      (at.port === port || port === undefined) &&
      (at.host === address || at.host === hostname),
  );
  return {
    name: named === undefined ? 'listen' : `listen.${named[0]}`,
    host: address ?? hostname ?? named?.[1]?.host,
    port: port ?? named?.[1]?.port,
  };
}
