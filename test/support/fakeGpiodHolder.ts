import { silentLog } from '../../src/lib/log.ts';
import { SystemClock } from '../../src/sidecar/clock.ts';
import { GpiomonDriver } from '../../src/sidecar/drivers/gpiomon.ts';

/** A process that holds GPIO 17 with the programs in a folder until it is killed, for tests of what is left of it. */
const [path = '', folder = ''] = process.argv.slice(2);
process.on('SIGINT', () => console.log('Ctrl-C'));
const driver = new GpiomonDriver({ clock: new SystemClock(), log: silentLog, path, folder });
await driver.open(
  { name: 'button', gpio: 17, direction: 'in', pull: 'as-is', debounce: 25, rest: 1 },
  {
    edge: () => console.log('edge'),
    missed: () => console.log('missed'),
    failed: ({ message }) => console.log(message),
  },
);
console.log('open');
