import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { LAPTOP, needsEngine, PI, ROOT, suiteBundle } from '../support/bundle.ts';

/** The parts of `docker image inspect` that matter here. */
interface Image {
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly StopSignal?: string;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
}

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
}

const pi = suiteBundle(PI);
const laptop = suiteBundle(LAPTOP);
const project = pi.env.COMPOSE_PROJECT_NAME;
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
/** Programs that compile, fetch sources or are there to test. */
const TOOLS = ['cc', 'gcc', 'g++', 'c++', 'clang', 'make', 'cmake', 'ld', 'git', 'tsc', 'tsx', 'biome'];

/** What the lock file has for production, in the folders that a package is in. */
function locked(wanted: (one: Locked) => boolean): string[] {
  return Object.entries(lock.packages)
    .filter(([path, one]) => path.startsWith('node_modules/') && !one.dev && wanted(one))
    .map(([path]) => path)
    .sort();
}

for (const [what, image, user, wanted] of [
  ['the app', `${project}-app`, 'node', (one: Locked) => !one.optional],
  ['the sidecar', `${project}-sidecar`, 'root', () => true],
  ['the mock', 'pinstream-mock', 'node', (one: Locked) => !one.optional],
] as const) {
  describe(`the image of ${what}`, () => {
    let config: Image['Config'];
    const inside = async (script: string) => {
      const args = ['run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', script];
      return (await pi.run('docker', args)).stdout.split('\n').filter((line) => line !== '');
    };
    before(async () => {
      needsEngine();
      await pi.compose('build', '--quiet');
      await laptop.compose('build', '--quiet', 'sidecar');
      const { stdout } = await pi.run('docker', ['image', 'inspect', image]);
      config = (JSON.parse(stdout) as [Image])[0].Config;
    });

    test(`runs as ${user}, is stopped as Node expects it, and can be asked whether it lives`, () => {
      assert.deepEqual([config.User, config.StopSignal], [user, 'SIGTERM']);
      assert.equal(config.Healthcheck?.Test[0], 'CMD');
      assert.doesNotMatch(config.Healthcheck?.Test.join(' ') ?? '', /curl|wget/);
    });

    test('says what it is, and no secret', () => {
      const { 'org.opencontainers.image.title': title, ...labels } = config.Labels;
      assert.equal(title, 'Pinstream');
      assert.equal(labels['org.opencontainers.image.licenses'], 'MIT');
      assert.match(labels['org.opencontainers.image.description'] ?? '', /^[A-Z].*Pinstream|^Carries/);
      assert.deepEqual(
        config.Env.filter((line) => /key|secret|token|password/i.test(line.split('=')[0] as string)),
        [],
      );
    });

    test('holds what runs and nothing else: no sources, no settings, no history', async () => {
      assert.deepEqual(await inside('ls -A /app'), ['LICENSE', 'dist', 'node_modules', 'package.json']);
      assert.deepEqual(
        await inside("find /app/dist -name '*.ts' ! -name '*.d.ts' ! -path '*/browser/*'"),
        [],
      );
      assert.deepEqual(
        await inside(
          "find / -xdev \\( -name '.env*' -o -name .git -o -name '.npmrc' \\) 2>/dev/null || true",
        ),
        [],
      );
    });

    test('has the dependencies of the lock file that it needs, and none for development', async () => {
      const there = await inside(
        "cd /app && find node_modules -name package.json -path '*node_modules/*' | sed 's,/package.json$,,'",
      );
      const packages = there.filter((path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/.test(path)).sort();
      assert.deepEqual(packages, locked(wanted));
    });

    test('has no compiler and no tool of ours', async () => {
      const found = await inside(`for tool in ${TOOLS.join(' ')}; do command -v $tool; done; true`);
      assert.deepEqual(found, []);
    });
  });
}
