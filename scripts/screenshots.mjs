// Takes the pictures of the dashboard that README and docs show. They are the product's own page in a real Chromium: an hour
// passes in the product, through its own doors, on a clock that this script moves; so the same pictures come out again.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { setup } from './setup.mjs';
import { fail, ROOT } from './steps.mjs';

const FOLDER = 'docs/pictures';
const HELP = `Usage: npm run screenshots -- [NAME …]

Takes pictures of the dashboard for README and docs, into ${FOLDER}. Without a name all of them:

  light      a laptop, bright
  dark       a laptop, dark
  phone      a phone
  offline    the server does not answer
  gap        events were missed that the log no longer holds
  busy-hour  an hour of presses, and 200 events a second

Needs Chromium, which is installed if that is possible, or named by CHROMIUM.
`;

const asked = process.argv.slice(2);
if (asked.some((word) => word === '-h' || word === '--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
const NAMES = ['light', 'dark', 'phone', 'offline', 'gap', 'busy-hour'];
const unknown = asked.find((name) => !NAMES.includes(name));
if (unknown !== undefined) fail(`There is no picture "${unknown}": see npm run screenshots -- -h`);

// The texts of presses have local times.
process.env.TZ = 'UTC';
prepare();
setup('screenshots');
const { register } = await import('tsx/esm/api');
register();
const { startChromium } = await import('../test/support/chromium.ts');
const { pictures } = await import('./screenshots/pictures.mjs');
const { Studio } = await import('./screenshots/studio.mjs');

mkdirSync(join(ROOT, FOLDER), { recursive: true });
const browser = await startChromium();
try {
  for (const name of NAMES.filter((one) => asked.length === 0 || asked.includes(one))) {
    const studio = new Studio(browser, join(ROOT, FOLDER, `${name}.png`));
    try {
      const bytes = await pictures[name](studio);
      process.stdout.write(`${FOLDER}/${name}.png  ${Math.ceil(bytes / 1000)} KB\n`);
    } finally {
      await studio.close();
    }
  }
} finally {
  await browser.close();
}
