import { argv } from 'node:process';
import { createProgram } from './program.ts';
import { reportFailure } from './terminal/failure.ts';

/** What `bin/crosswire.js` runs, from here or from the bundle. */
try {
  await createProgram().parseAsync(argv);
} catch (failure) {
  reportFailure(failure);
}
