import { argv } from 'node:process';
import { createProgram } from './program.ts';
import { reportFailure } from './terminal/failure.ts';

/** What `bin/crosswire` runs. */
try {
  await createProgram().parseAsync(argv);
} catch (failure) {
  reportFailure(failure);
}
