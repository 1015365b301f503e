import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { filesIn, text } from './files.ts';

/** What the layout promises: who may know whom, and that no file grows beyond what one can take in. */

interface Import {
  readonly file: string;
  /** A path from the project's root, or the name of a package. */
  readonly what: string;
}

const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\brequire\(\s*)['"]([^'"]+)['"]/g;
const SOURCES = filesIn('src', '.ts');
const IMPORTS: Import[] = SOURCES.flatMap((file) =>
  [...code(file).matchAll(IMPORT)].map(([, name = '']) => ({
    file,
    what: name.startsWith('.') ? join(dirname(file), name) : name,
  })),
);

/** A file without its comments that stand apart. */
function code(file: string): string {
  return text(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** The imports that break a rule, as `file: what`. */
function breaking(isBad: (one: Import) => boolean): string[] {
  return IMPORTS.filter(isBad).map(({ file, what }) => `${file}: ${what}`);
}

/** The files that import a package. */
function importersOf(name: string): string[] {
  return IMPORTS.filter(({ what }) => what === name || what.startsWith(`${name}/`)).map(({ file }) => file);
}

function isIn(folder: string) {
  return (path: string) => path.startsWith(`src/${folder}/`);
}

describe('who knows whom', () => {
  test('the imports are found at all', () => {
    assert.ok(IMPORTS.length > 100);
    assert.deepEqual(
      IMPORTS.filter(({ file }) => file === 'src/index.ts'),
      [
        { file: 'src/index.ts', what: 'src/bus/sendEvent.ts' },
        { file: 'src/index.ts', what: 'src/embed.ts' },
      ],
    );
  });

  test('the contract imports nothing from outside itself', () => {
    assert.deepEqual(
      breaking(({ file, what }) => isIn('contract')(file) && !isIn('contract')(what)),
      [],
    );
  });

  test('app and sidecar do not know each other', () => {
    const crossing = ({ file, what }: Import) =>
      (isIn('app')(file) && isIn('sidecar')(what)) || (isIn('sidecar')(file) && isIn('app')(what));
    assert.deepEqual(breaking(crossing), []);
  });

  test('nobody knows the command, and what browsers get knows nothing else', () => {
    const knowsCommand = ({ file, what }: Import) =>
      file !== 'src/cli.ts' && isIn('cli')(what) && !isIn('cli')(file);
    assert.deepEqual(breaking(knowsCommand), []);
    assert.deepEqual(
      breaking(({ file, what }) => isIn('browser')(file) !== isIn('browser')(what)),
      [],
    );
  });

  test('the doctor sees from outside: it knows neither app nor sidecar, and only the command knows it', () => {
    const knows = ({ file, what }: Import) =>
      (isIn('doctor')(file) && (isIn('app')(what) || isIn('sidecar')(what))) ||
      (isIn('doctor')(what) && !isIn('doctor')(file) && file !== 'src/cli/doctor.ts');
    assert.deepEqual(breaking(knows), []);
  });

  test('only the bus knows ioredis, and only its driver knows onoff', () => {
    assert.deepEqual(
      importersOf('ioredis').filter((file) => !isIn('bus')(file)),
      [],
    );
    assert.notDeepEqual(importersOf('ioredis'), []);
    // Loaded late and by a name in a constant, so that it is compiled without being there.
    const late = SOURCES.filter((file) => /\bimport\(\s*[^'"\s]/.test(code(file)));
    assert.deepEqual([...late, ...importersOf('onoff')], ['src/sidecar/drivers/onoff.ts']);
  });

  test('what the sidecar loads has nothing of the app, whose memory a small Pi does not have', () => {
    const atOnce = (file: string) =>
      [...code(file).matchAll(/^(?:import|export)(?! type\b)[^;]*?from '(\.[^']+)';$/gm)].map(
        ([, name = '']) => join(dirname(file), name),
      );
    const loaded = new Set(['src/cli.ts', 'src/cli/sidecar.ts']);
    for (const file of loaded) for (const other of atOnce(file)) loaded.add(other);
    assert.ok(loaded.has('src/sidecar/sidecar.ts'), 'the imports are not found');
    assert.deepEqual([...loaded].filter(isIn('app')), []);
  });

  test('the environment is read in one place', () => {
    const readers = SOURCES.filter((file) => /\bprocess\s*(?:\.|\[['"])\s*env\b/.test(text(file)));
    assert.deepEqual(readers, ['src/lib/env.ts']);
  });
});

describe('files', () => {
  test('no file is longer than 250 lines', () => {
    const long = filesIn('src')
      .map((file) => ({ file, lines: text(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250);
    assert.deepEqual(long, []);
  });

  test('the Lua scripts reach the build, as they are', () => {
    const scripts = filesIn('src', '.lua');
    assert.ok(scripts.length >= 5);
    assert.deepEqual(
      filesIn('dist', '.lua'),
      scripts.map((file) => file.replace(/^src/, 'dist')),
    );
    for (const file of scripts) assert.equal(text(file.replace(/^src/, 'dist')), text(file), file);
  });

  test('the images say the version of the package', () => {
    const { version } = JSON.parse(text('package.json')) as { version: string };
    assert.match(text('Dockerfile'), new RegExp(`image\\.version="${version}"`));
  });

  test('the lock file names no registry, so that everybody installs from their own', () => {
    const { packages } = JSON.parse(text('package-lock.json')) as {
      packages: Record<string, Record<string, unknown>>;
    };
    const places = Object.entries(packages).map(([name, { funding: _, ...rest }]) => [
      name,
      JSON.stringify(rest),
    ]);
    assert.deepEqual(
      places.filter(([, said = '']) => /"resolved"|:\/\//.test(said)),
      [],
    );
  });
});
