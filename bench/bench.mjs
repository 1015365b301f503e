// `npm run bench -- [options]`: makes the checkout ready and installs what is missing, then measures. `--help` says the options.
import { spawnSync } from 'node:child_process';
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
const command = [process.execPath, '--import', 'tsx', 'bench/main.ts', ...args];
// In a network of its own, where that may be made: elsewhere a firewall, or Docker's, looks at each packet, for all servers alike.
const apart = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'bench'];
const mayBeApart = spawnSync(apart[0], [...apart.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
const [program, ...words] = mayBeApart && !asksForHelp ? [...apart, ...command] : command;
process.exit(await follow(program, words));
