import { ConfigError } from '../config/problems.ts';

/** Something that the operator can mend: shown as one line, without a stack trace. */
export class OperatorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
  }
}

/** Writes what went wrong to standard error and makes the process end with 1. */
export function reportFailure(failure: unknown): void {
  process.exitCode = 1;
  process.stderr.write(`${failureText(failure)}\n`);
}

function failureText(failure: unknown): string {
  if (failure instanceof ConfigError || failure instanceof OperatorError) return failure.message;
  return `crosswire: unexpected: ${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}`;
}

/** The plain reason of a file system error: `no such file or directory` rather than the whole trace. */
export function reasonOf(cause: unknown): string {
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'no permission';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EEXIST') return 'it is there already';
  return message ?? String(cause);
}
