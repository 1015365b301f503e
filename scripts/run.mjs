// npm start, npm run serve, npm run sidecar: makes the checkout ready and runs the command. --watch starts it anew on a change.
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { follow, ROOT } from './steps.mjs';

const args = process.argv.slice(2);
const watching = args[0] === '--watch';
if (watching) args.shift();
prepare();

if (watching) {
  const bin = (name) => join(ROOT, 'node_modules/.bin', name);
  void follow(bin('tsc'), ['-p', 'src/browser/tsconfig.json', '--watch', '--preserveWatchOutput']);
  process.exit(await follow(bin('tsx'), ['watch', '--clear-screen=false', 'src/cli.ts', ...args]));
}
process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
await import('../dist/cli.js');
