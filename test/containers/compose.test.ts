import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { devNull } from 'node:os';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type SettingName, settings } from '../../src/lib/settings.ts';

const REAL = ['docker-compose.yml'];
const MOCK = [...REAL, 'docker-compose.mock.yml'];

/** The parts of what Compose makes of the files that matter here. */
interface Service {
  readonly image?: string;
  readonly build?: { target: string; args: Record<string, string> };
  readonly privileged?: boolean;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly cap_add?: string[];
  readonly security_opt?: string[];
  readonly ports?: { host_ip?: string; published: string; target: number }[];
  readonly networks: Record<string, unknown>;
  readonly environment?: Record<string, string>;
  readonly command?: string[];
  readonly volumes?: { type: string; source: string; target: string; read_only?: boolean }[];
  readonly depends_on?: Record<string, { condition: string }>;
  readonly healthcheck?: { disable?: boolean; start_interval?: string };
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
  readonly container_name?: string;
  readonly logging?: { options: Record<string, string> };
  readonly devices?: unknown;
  readonly tmpfs?: string[];
}
interface Bundle {
  readonly services: Record<'nginx' | 'app' | 'redis' | 'sidecar', Service>;
  readonly networks: Record<string, { internal?: boolean }>;
  readonly volumes: Record<string, unknown>;
}

/** What a real Compose reads from the files, with `env` as the user's .env. */
function bundle(files: readonly string[], env: Readonly<Record<string, string>> = {}): Bundle {
  const { PATH = '', HOME = '', DOCKER_HOST, DOCKER_CONFIG } = process.env;
  const { status, stdout, stderr, error } = spawnSync(
    'docker',
    [
      'compose',
      '--env-file',
      devNull,
      ...files.flatMap((file) => ['-f', file]),
      'config',
      '--format',
      'json',
    ],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        PATH,
        HOME,
        ...(DOCKER_HOST && { DOCKER_HOST }),
        ...(DOCKER_CONFIG && { DOCKER_CONFIG }),
        ...env,
      },
      encoding: 'utf8',
    },
  );
  if (error || /is not a docker command|unknown shorthand flag/.test(stderr)) {
    throw new Error(
      'This test needs the docker command with its Compose plugin, 2.24.4 or newer; a running engine it does not need.',
    );
  }
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Bundle;
}

const published = ({ services }: Bundle) =>
  Object.entries(services).flatMap(([name, { ports = [] }]) =>
    ports.map((port) => `${name} ${port.host_ip ?? '*'}:${port.published}->${port.target}`),
  );
const namesOf = ({ services }: Bundle, met: (service: Service) => boolean) =>
  Object.entries(services)
    .filter(([, service]) => met(service))
    .map(([name]) => name);

const EVERYONE = ['app', 'nginx', 'redis', 'sidecar'];

for (const [what, files, unprivileged] of [
  ['docker-compose.yml', REAL, ['app', 'nginx', 'redis']],
  ['docker-compose.yml with docker-compose.mock.yml', MOCK, EVERYONE],
] as const) {
  describe(what, () => {
    const read = bundle(files);
    const { services } = read;

    test('has four parts, all of which come back after a crash', () => {
      assert.deepEqual(Object.keys(services).sort(), EVERYONE);
      assert.deepEqual(namesOf(read, ({ restart }) => restart === 'unless-stopped').sort(), EVERYONE);
    });

    test(`privileged: ${unprivileged === EVERYONE ? 'nobody' : 'the sidecar alone'}`, () => {
      const privileged = EVERYONE.filter((name) => !(unprivileged as readonly string[]).includes(name));
      assert.deepEqual(
        namesOf(read, (service) => service.privileged === true),
        privileged,
      );
      assert.deepEqual(
        namesOf(read, ({ cap_add, devices }) => Boolean(cap_add ?? devices)),
        [],
      );
      for (const name of unprivileged) {
        const { cap_drop, user } = services[name as keyof typeof services];
        assert.deepEqual(cap_drop, ['ALL'], name);
        assert.ok(user && user !== 'root' && user !== '0', `${name} runs as ${user}`);
      }
    });

    test('nobody writes to an image or gains rights', () => {
      assert.deepEqual(namesOf(read, ({ read_only }) => read_only === true).sort(), EVERYONE);
      assert.deepEqual(
        namesOf(read, ({ security_opt }) => security_opt?.includes('no-new-privileges:true') === true).sort(),
        EVERYONE,
      );
      assert.deepEqual(
        Object.values(services).flatMap(({ volumes = [] }) =>
          volumes.filter((mount) => mount.read_only !== true).map((mount) => `${mount.type} ${mount.target}`),
        ),
        ['volume /run/pinstream', 'volume /data'],
      );
    });

    test('each starts after what it needs is healthy', () => {
      const needs = Object.entries(services).map(([name, { depends_on = {} }]) => [
        name,
        Object.entries(depends_on).map(([other, { condition }]) => `${other} ${condition}`),
      ]);
      assert.deepEqual(Object.fromEntries(needs), {
        nginx: ['app service_healthy'],
        app: ['redis service_healthy'],
        redis: [],
        sidecar: ['redis service_healthy'],
      });
    });

    test('`up --wait` waits for each part, and not for long: all are checked every second at their start', () => {
      assert.deepEqual(
        namesOf(read, ({ healthcheck }) => healthcheck?.disable === true),
        [],
      );
      assert.deepEqual(
        namesOf(read, ({ healthcheck }) => healthcheck?.start_interval === '1s').sort(),
        EVERYONE,
      );
    });

    test('the sidecar can write the file that its health check reads, and nothing else', () => {
      assert.deepEqual(services.sidecar.tmpfs, ['/tmp']);
    });

    test('Redis keeps what it has acknowledged, within its memory, and writes it to a volume', () => {
      const { command = [], volumes } = services.redis;
      const option = (name: string) => command[command.indexOf(`--${name}`) + 1];
      assert.equal(option('appendonly'), 'yes');
      assert.equal(option('appendfsync'), 'everysec');
      assert.equal(option('save'), '');
      assert.equal(option('maxmemory'), '128mb');
      assert.equal(option('maxmemory-policy'), 'noeviction');
      assert.equal(option('dir'), '/data');
      assert.deepEqual(
        volumes?.map(({ type, source, target }) => [type, source, target]),
        [['volume', 'redis', '/data']],
      );
      assert.ok('redis' in read.volumes);
    });

    test('a Pi of 1 GB has room for its system, and its card for the logs', () => {
      const limits = Object.values(services).map(({ mem_limit }) => Number(mem_limit));
      const all = limits.reduce((sum, limit) => sum + limit, 0);
      assert.ok(all <= 900 * 2 ** 20, `${all / 2 ** 20} MiB`);
      for (const { logging } of Object.values(services)) {
        assert.deepEqual(logging?.options, { 'max-file': '2', 'max-size': '5m' });
      }
    });

    test('the app may be there three times', () => {
      assert.equal(services.app.ports, undefined);
      assert.deepEqual(
        namesOf(read, ({ container_name }) => container_name !== undefined),
        [],
      );
    });

    test('the app has time to take leave of its browsers: 8 s and some', () => {
      assert.equal(services.app.stop_grace_period, '15s');
    });

    test('nginx cannot reach Redis, and the sidecar reaches nothing else', () => {
      assert.deepEqual(Object.keys(services.nginx.networks), ['edge']);
      assert.deepEqual(Object.keys(services.app.networks), ['edge', 'store']);
      assert.deepEqual(Object.keys(services.sidecar.networks), ['store']);
      assert.equal(read.networks.store?.internal, true);
    });

    test('nginx is given the template, its start script and nothing that is secret', () => {
      assert.deepEqual(
        services.nginx.volumes?.map(({ target }) => target),
        [
          '/etc/nginx/nginx.conf',
          '/etc/nginx/templates',
          '/docker-entrypoint.d/15-limits.sh',
          '/docker-entrypoint.d/40-cors-map.sh',
          '/run/pinstream',
        ],
      );
      const { services: withSecrets } = bundle(files, { PUBLISH_KEY: 'secret-1', ACCESS_RULES: 'secret-2' });
      for (const name of ['nginx', 'redis', 'sidecar'] as const) {
        assert.doesNotMatch(JSON.stringify(withSecrets[name]), /secret-\d/);
      }
      assert.equal(withSecrets.app.environment?.PUBLISH_KEY, 'secret-1');
    });

    test('images and the versions that they are built from can be chosen', () => {
      assert.equal(services.redis.image, 'redis:8-alpine');
      assert.equal(services.nginx.image, 'nginx:1.28-alpine');
      assert.deepEqual(services.app.build?.args, { NODE_VERSION: '24', DEBIAN: 'trixie' });
      const chosen = bundle(files, {
        REDIS_IMAGE: 'redis:7-bookworm',
        NGINX_IMAGE: 'nginx:1.28-trixie',
        NODE_VERSION: '22',
        DEBIAN: 'bookworm',
      }).services;
      assert.equal(chosen.redis.image, 'redis:7-bookworm');
      assert.equal(chosen.nginx.image, 'nginx:1.28-trixie');
      assert.deepEqual(chosen.app.build?.args, { NODE_VERSION: '22', DEBIAN: 'bookworm' });
      assert.deepEqual(chosen.sidecar.build?.args, { NODE_VERSION: '22', DEBIAN: 'bookworm' });
    });
  });
}

describe('the bundle for the Pi', () => {
  test('is reached on port 80 from everywhere, and its Redis from the Pi itself', () => {
    assert.deepEqual(published(bundle(REAL)), ['nginx *:80->80', 'redis 127.0.0.1:6379->6379']);
    assert.deepEqual(published(bundle(REAL, { HTTP_PORT: '8081', REDIS_PORT: '6380' })), [
      'nginx *:8081->80',
      'redis 127.0.0.1:6380->6379',
    ]);
  });

  test('reads real pins with the image made for it', () => {
    const { sidecar } = bundle(REAL).services;
    assert.equal(sidecar.build?.target, 'sidecar');
    assert.equal(sidecar.environment?.GPIO_DRIVER, 'onoff');
  });

  test('keeps raw publishes, behind a proxy that owns CORS', () => {
    const { app, nginx } = bundle(REAL).services;
    const { ADOPT, CORS_OWNER, TRUST_PROXY, REDIS_URL, HOST, PORT, SOCKET, PUBLISH_OPEN } =
      app.environment ?? {};
    assert.deepEqual(
      { ADOPT, CORS_OWNER, TRUST_PROXY, REDIS_URL, HOST, PORT, SOCKET, PUBLISH_OPEN },
      {
        ADOPT: '*',
        CORS_OWNER: 'proxy',
        TRUST_PROXY: '1',
        REDIS_URL: 'redis://redis:6379',
        HOST: '0.0.0.0',
        PORT: '8080',
        SOCKET: '/run/pinstream/app.sock',
        PUBLISH_OPEN: '',
      },
    );
    assert.equal(nginx.environment?.PINSTREAM_SOCKET, SOCKET);
  });

  /** The bundle would not hold together if these could be changed. */
  const fixed: readonly SettingName[] = [
    'HOST',
    'PORT',
    'REDIS_URL',
    'REDIS_SENTINELS',
    'CORS_OWNER',
    'TRUST_PROXY',
    'HEALTH_FILE',
    'SOCKET',
  ];
  test('passes every other setting on from .env', () => {
    const names = (Object.keys(settings) as SettingName[]).filter((name) => !fixed.includes(name));
    const given = Object.fromEntries(names.map((name) => [name, `of-the-user-${name}`]));
    const { services } = bundle(REAL, { ...given, TZ: 'Europe/Berlin' });
    const received = new Set(
      [services.app, services.sidecar].flatMap(({ environment = {} }) =>
        Object.entries(environment)
          .filter(([name, value]) => value === `of-the-user-${name}`)
          .map(([name]) => name),
      ),
    );
    assert.deepEqual([...received].sort(), [...names].sort());
    assert.equal(services.nginx.environment?.CORS_ORIGINS, 'of-the-user-CORS_ORIGINS');
    assert.equal(services.sidecar.environment?.TZ, 'Europe/Berlin');
  });

  test('does not let .env change what holds it together', () => {
    const given = Object.fromEntries(fixed.map((name) => [name, 'changed']));
    assert.deepEqual(bundle(REAL, given), bundle(REAL));
  });
});

describe('the bundle for a laptop', () => {
  test('is reached from this machine alone, and its Redis from nowhere', () => {
    assert.deepEqual(published(bundle(MOCK)), ['nginx 127.0.0.1:80->80']);
    assert.deepEqual(published(bundle(MOCK, { HTTP_PORT: '8081' })), ['nginx 127.0.0.1:8081->80']);
    assert.deepEqual(Object.keys(bundle(MOCK).services.redis.networks), ['store']);
  });

  test('has the mock in place of the pins, whatever .env says, and lets everybody here publish', () => {
    const { sidecar, app } = bundle(MOCK, { GPIO_DRIVER: 'onoff', PUBLISH_OPEN: '0' }).services;
    assert.equal(sidecar.environment?.GPIO_DRIVER, 'mock');
    assert.equal(app.environment?.PUBLISH_OPEN, '1');
  });

  test("runs the mock from an image of its own, under a name that the Pi's sidecar does not use", () => {
    const { sidecar } = bundle(MOCK).services;
    assert.equal(sidecar.build?.target, 'mock');
    assert.equal(sidecar.image, 'pinstream-mock');
    assert.equal(sidecar.user, 'node');
  });
});
