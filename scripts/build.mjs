// Compiles src to dist: what Node runs with TypeScript alone, what browsers get as one file each, small and compressed.
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';
import { fail, ROOT, run } from './steps.mjs';

const COPIED = new Set(['.lua', '.html', '.svg']);
const COMPRESSED = new Set(['.html', '.css', '.js', '.svg']);
const BROWSER = join(ROOT, 'dist/browser');
const tsc = join(ROOT, 'node_modules/.bin/tsc');

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
run(tsc, ['-p', 'tsconfig.json']);
// Of what browsers get, TypeScript makes the types only: `pinstream/client` is imported with them.
run(tsc, ['-p', 'src/browser/tsconfig.json', '--emitDeclarationOnly']);
// Those of the pages are nobody's.
rmSync(join(BROWSER, 'page'), { recursive: true });
for (const name of readdirSync(join(ROOT, 'src'), { recursive: true })) {
  if (COPIED.has(extname(name))) cpSync(join(ROOT, 'src', name), join(ROOT, 'dist', name));
}
await client();
await page();
compress();
chmodSync(join(ROOT, 'dist/cli.js'), 0o755);
writeFileSync(join(ROOT, 'dist/.built'), '');

/**
 * The client twice: as a module for bundlers, and as the file that is served, which is a module and a classic script in one.
 * In a classic script `await` is a name like any other, so that what follows it is a division by a text, and the text hides
 * the `export`. In a module it is a keyword, what follows it a regular expression, and the `export` is one.
 */
async function client() {
  const built = await build({
    bundle: true,
    minify: true,
    target: 'es2022',
    format: 'esm',
    entryPoints: ['src/browser/client.ts'],
    absWorkingDir: ROOT,
    outdir: BROWSER,
    write: false,
  });
  // Once more, by what was made for nothing else: a fifteenth less. `inline` and `reduce_funcs` make more text of it, not less;
  // what is `unsafe` here is `RegExp` without its `new`, and sums for templates.
  const { code } = await minify(built.outputFiles[0].text, {
    module: true,
    ecma: 2022,
    compress: {
      passes: 3,
      unsafe: true,
      unsafe_arrows: true,
      unsafe_methods: true,
      inline: 1,
      reduce_funcs: false,
      sequences: false,
    },
    // Names that are said to nobody but this file's own parts: not to tabs, which may have another version of it.
    mangle: {
      properties: {
        regex:
          /^(isDoubtful|isComplete|heardAt|heard|meant|wasOpen|held|leave|keep|beginAnew|sayAll|hear|track|why|run|cut|wake|want|ask|begins|hearEvent|hearGap|arrive)$/,
      },
    },
  });
  const [, body, name] =
    /^(.*)export\{([\w$]+) as pinstream\};$/s.exec(code) ?? fail('The client exports something else.');
  writeFileSync(join(BROWSER, 'client.js'), code);
  writeFileSync(
    join(BROWSER, 'pinstream.js'),
    `var Pinstream=(()=>{${body}return ${name}})();0&&await/'/;export{Pinstream as pinstream}//'\n`,
  );
}

/** The pages: a script and a stylesheet each. They get the client from where everybody gets it. */
async function page() {
  await build({
    bundle: true,
    minify: true,
    target: 'es2022',
    format: 'esm',
    absWorkingDir: ROOT,
    entryPoints: ['main.ts', 'test.ts', 'style/style.css'].map((name) => `src/browser/page/${name}`),
    entryNames: '[name]',
    outdir: join(BROWSER, 'page'),
    plugins: [
      {
        name: 'served client',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/client\.ts$/ }, () => ({ path: '/pinstream.js', external: true })),
      },
    ],
  });
}

/** Beside each file as it is sent: compressed once here, as small as it gets, not by a Pi for every reader. */
function compress() {
  for (const name of readdirSync(BROWSER, { recursive: true })) {
    // The module for bundlers is sent to nobody.
    if (!COMPRESSED.has(extname(name)) || name === 'client.js') continue;
    const path = join(BROWSER, name);
    const body = readFileSync(path);
    writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
    writeFileSync(
      `${path}.br`,
      brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
    );
  }
}
