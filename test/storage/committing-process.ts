import { writeSync } from 'node:fs';
import { openStorage } from '#storage';
import { reserve } from './storage-suite.ts';

/** Commits without end, eight at a time, and writes a line for each after its promise has resolved. */

const storage = await openStorage({ url: process.argv[2] ?? '' });
await Promise.all(
  Array.from({ length: 8 }, async (_, writer) => {
    for (let count = 0; ; count += 1) {
      const handle = `${writer}-${count}`;
      await storage.work((work) => reserve(work, handle));
      writeSync(1, `${handle}\n`);
    }
  }),
);
