// Leaves one page of the dashboard open while events come all the time, and looks whether it grows:
// `npm run soak -- [--minutes 30] [--rate 20]`. Ends with 1 if it does.
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { setup } from './setup.mjs';
import { fail } from './steps.mjs';

const HELP = `Usage: npm run soak -- [--minutes 30] [--rate 20]

Opens the dashboard in Chromium and publishes events on several channels, with presses of the mock in between. Once a minute it
prints what the page holds after its garbage was collected, and at the end whether that is flat: the second quarter of the time
is compared with the last one, after everything that the page keeps a bounded number of has been filled.

  --minutes N  how long (4 to 1440)
  --rate N     events a second (1 to 400)

Needs Chromium, which is installed if that is possible, or named by CHROMIUM.
`;

const { minutes, rate } = options();
prepare();
setup('soak');
const { register } = await import('tsx/esm/api');
register();
const { soak } = await import('./soak/soak.ts');
process.exit((await soak(minutes, rate, (line) => process.stdout.write(`${line}\n`))) ? 0 : 1);

function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '30' },
        rate: { type: 'string', default: '20' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    fail(`${error.message.split('. ')[0]}: see npm run soak -- -h`);
  }
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const number = (name, least, most) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return fail(`--${name} must be a whole number from ${least} to ${most}.`);
  };
  return { minutes: number('minutes', 4, 1_440), rate: number('rate', 1, 400) };
}
