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
