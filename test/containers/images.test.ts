import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Bundle, LAPTOP, needsEngine, PI } from '../support/bundle.ts';

const FOR_ANOTHER_PI = ['linux/arm64', 'linux/amd64'];

interface Baked {
  readonly target: Record<string, { platforms: string[]; tags: string[]; args: Record<string, string> }>;
}

const shell = new Bundle('pinstream-test', PI);

interface Composed {
  readonly name: string;
  readonly services: Record<
    string,
    { image?: string; build?: { target: string; args: Record<string, string> } }
  >;
}

/** What Compose makes of the files for a user, who gives the project no name of his own. */
async function composed(files: readonly string[]): Promise<Composed> {
  const config = ['docker', 'compose', 'config', '--format', 'json'];
  const user = new Bundle('pinstream-test', files);
  return JSON.parse((await user.run('env', ['-u', 'COMPOSE_PROJECT_NAME', ...config])).stdout) as Composed;
}

async function bake(...args: readonly string[]): Promise<Baked['target']> {
  const { stdout } = await shell.run('docker', ['buildx', 'bake', '--print', ...args]);
  return (JSON.parse(stdout) as Baked).target;
}

describe('images for other machines (docker-bake.hcl)', () => {
  before(needsEngine);

  test('each is made for 64-bit Pis and laptops, under the name that Compose looks for', async () => {
    const made = await bake();
    const { name: project, services } = await composed(PI);
    const { sidecar: mock } = (await composed(LAPTOP)).services;
    // Compose gives a name to what has none: the project's and the service's.
    const names: Record<string, string | undefined> = {
      app: services.app?.image ?? `${project}-app`,
      sidecar: services.sidecar?.image ?? `${project}-sidecar`,
      mock: mock?.image ?? `${project}-sidecar`,
    };
    assert.deepEqual(Object.keys(made).sort(), ['app', 'mock', 'sidecar']);
    for (const [name, { platforms, tags, args }] of Object.entries(made)) {
      assert.deepEqual(platforms, FOR_ANOTHER_PI);
      assert.deepEqual(tags, [`${names[name]}:latest`]);
      assert.deepEqual(args, services.app?.build?.args);
    }
  });

  test('a 32-bit Pi has its own versions of Node and Debian', async () => {
    const old = new Bundle('pinstream-test', PI, { NODE_VERSION: '22', DEBIAN: 'bookworm' });
    const args = ['buildx', 'bake', '--print', '--set', '*.platform=linux/arm/v7', 'app', 'sidecar'];
    const made = (JSON.parse((await old.run('docker', args)).stdout) as Baked).target;
    assert.deepEqual(Object.keys(made).sort(), ['app', 'sidecar']);
    for (const one of Object.values(made)) {
      assert.deepEqual(one.platforms, ['linux/arm/v7']);
      assert.deepEqual(one.args, { NODE_VERSION: '22', DEBIAN: 'bookworm' });
    }
  });
});

describe("the sidecar's image for Bookworm", () => {
  const image = 'pinstream-test-bookworm-sidecar';
  before(async () => {
    needsEngine();
    const args = ['build', '--quiet', '--target', 'sidecar', '--tag', image];
    await shell.run('docker', [...args, '--build-arg', 'DEBIAN=bookworm', '.']);
  });

  test('reads pins with onoff, and has no libgpiod 1, which gpiomon would only refuse', async () => {
    const inside = async (script: string) =>
      (await shell.run('docker', ['run', '--rm', '--network', 'none', image, 'sh', '-c', script])).stdout;
    assert.equal(
      await inside('. /etc/os-release; echo $VERSION_CODENAME; command -v gpiomon || echo none'),
      'bookworm\nnone\n',
    );
    assert.equal(await inside('node -p "typeof require(\'onoff\').Gpio"'), 'function\n');
  });
});
