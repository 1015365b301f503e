// Loaded into the servers that run on Node when their memory is measured: on SIGUSR2 it collects all garbage and says so, so that
// what a server holds can be told from what it has not thrown away yet.
import { setImmediate } from 'node:timers/promises';

/** What the first collection lets go of may hold more, which only the next one finds. */
const TIMES = 4;

process.on('SIGUSR2', async () => {
  for (let i = 0; i < TIMES; i++) {
    globalThis.gc();
    await setImmediate();
  }
  process.stderr.write('collected\n');
});
