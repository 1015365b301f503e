// `npm run bench -- [options]`: makes the checkout ready and installs what is missing, then measures. `--help` says the options.
import { install, prepare } from '../scripts/prepare.mjs';
import { setup } from '../scripts/setup.mjs';
import { follow } from '../scripts/steps.mjs';

const args = process.argv.slice(2);
const asksForHelp = args.some((arg) => arg === '-h' || arg === '--help');
if (asksForHelp) install();
else {
  prepare();
  setup('bench');
}
process.exit(await follow(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args]));
