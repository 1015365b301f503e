// Compiles src to dist, and copies what TypeScript does not: Lua scripts, the page's HTML, styles and pictures.
import { chmodSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { ROOT, run } from './steps.mjs';

const COPIED = new Set(['.lua', '.html', '.css', '.svg']);
const tsc = join(ROOT, 'node_modules/.bin/tsc');

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
run(tsc, ['-p', 'tsconfig.json']);
run(tsc, ['-p', 'src/browser/tsconfig.json']);
for (const name of readdirSync(join(ROOT, 'src'), { recursive: true })) {
  if (COPIED.has(extname(name))) cpSync(join(ROOT, 'src', name), join(ROOT, 'dist', name));
}
chmodSync(join(ROOT, 'dist/cli.js'), 0o755);
writeFileSync(join(ROOT, 'dist/.built'), '');
