import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type Bundle,
  type Inspected,
  LAPTOP,
  needsEngine,
  type Part,
  PI,
  suiteBundle,
} from '../support/bundle.ts';
import { endsWithUs } from '../support/children.ts';
import { eventually } from '../support/ready.ts';
import { Shell } from '../support/shell.ts';

const PARTS: readonly Part[] = ['nginx', 'app', 'redis', 'sidecar'];
const MIB = 2 ** 20;
const MEMORY = { nginx: 160 * MIB, app: 320 * MIB, redis: 288 * MIB, sidecar: 128 * MIB };
const NO_CAPABILITIES = '0000000000000000';
const UNHEALTHY_MS = 60_000;
/** Somebody who is let in is so within milliseconds; a wrong one hears nothing at all. */
const SILENCE_MS = 2_000;

/** What the engine says of a container's rights. */
function rightsOf({ Config, HostConfig }: Inspected) {
  return {
    user: Config.User,
    privileged: HostConfig.Privileged,
    added: HostConfig.CapAdd ?? [],
    dropped: HostConfig.CapDrop ?? [],
    devices: HostConfig.Devices ?? [],
    // What the engine itself adds for who is privileged is about SELinux.
    security: HostConfig.SecurityOpt?.filter((option) => option !== 'label=disable'),
    readOnly: HostConfig.ReadonlyRootfs,
    memory: HostConfig.Memory,
    processes: HostConfig.PidsLimit,
    restart: HostConfig.RestartPolicy.Name,
    log: [HostConfig.LogConfig.Type, HostConfig.LogConfig.Config],
  };
}

function unprivileged(part: Part, user: string): ReturnType<typeof rightsOf> {
  return {
    user,
    privileged: false,
    added: [],
    dropped: ['ALL'],
    devices: [],
    security: ['no-new-privileges:true'],
    readOnly: true,
    memory: MEMORY[part],
    processes: 100,
    restart: 'unless-stopped',
    log: ['json-file', { 'max-file': '2', 'max-size': '5m' }],
  };
}

async function rights(bundle: Bundle): Promise<Record<string, unknown>> {
  const all = await Promise.all(PARTS.map((part) => bundle.inspect(part)));
  return Object.fromEntries(PARTS.map((part, i) => [part, rightsOf(all[i]?.[0] as Inspected)]));
}

/** What the first process of a part says of itself. */
async function firstProcess(bundle: Bundle, part: Part) {
  const status = await bundle.exec(part, 'cat', '/proc/1/status');
  const said = (name: string) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1];
  return {
    root: said('Uid')?.split('\t')[0] === '0',
    capabilities: said('CapEff'),
    bounding: said('CapBnd'),
    noNewPrivileges: said('NoNewPrivs'),
  };
}

/** The ports that are open to whoever is outside. */
async function published(bundle: Bundle): Promise<string[]> {
  const all = await Promise.all(PARTS.map((part) => bundle.inspect(part)));
  return all
    .flat()
    .flatMap(({ HostConfig }) =>
      Object.entries(HostConfig.PortBindings ?? {}).flatMap(([inside, bindings]) =>
        bindings.map(({ HostIp, HostPort }) => `${HostIp || '*'}:${HostPort}->${inside}`),
      ),
    );
}

/** What Redis answers on a port of this machine. */
async function ping(host: string, port: number): Promise<string> {
  const socket = connect({ host, port });
  try {
    socket.end('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

/** Not even as root: it would have to gain a right that nobody has. */
async function writes(bundle: Bundle, part: Part): Promise<string> {
  const args = ['compose', 'exec', '-T', '--user', '0', part, 'sh', '-c', 'touch /left-behind'];
  const { status, stderr } = await bundle.run('docker', args, { fails: true });
  return status === 0 ? 'it could' : (/Read-only file system/.exec(stderr)?.[0] ?? stderr);
}

/** What comes of connecting to somebody: "connected", or an error's code. */
async function connects(
  bundle: Bundle,
  part: 'app' | 'sidecar',
  host: string,
  port: number,
): Promise<string> {
  return (await bundle.exec(part, 'node', '-e', tries(host, port))).trim();
}

/** The status of curl inside nginx: 0 or 1 for who answers, 6 for who has no name there, 7 or 28 for who is not reached. */
async function curls(bundle: Bundle, ...what: readonly string[]): Promise<number> {
  const args = ['compose', 'exec', '-T', 'nginx', 'curl', '-s', '-o', '/dev/null', '-m', '2', ...what];
  return (await bundle.run('docker', args, { fails: true })).status;
}

/** Who may do what in a part's folder of sockets, as its users and groups are numbered, and what it is told when it makes a file. */
async function socketRights(bundle: Bundle, part: 'app' | 'nginx') {
  const script =
    'cd /run/pinstream && stat -L -c "%A %u %g" . app.sock && touch made 2>&1 && rm made || true';
  return (await bundle.exec(part, 'sh', '-c', script))
    .trim()
    .replace(/^touch.*: /m, '')
    .split('\n');
}

async function addresses(bundle: Bundle, part: Part): Promise<string[]> {
  const [inspected] = await bundle.inspect(part);
  const networks = Object.values(inspected?.NetworkSettings.Networks ?? {});
  return (networks as { IPAddress: string }[]).map(({ IPAddress }) => IPAddress);
}

/** What a program in a part, or beside this machine, tries: it says "connected", an error's code, or "silence". */
const tries = (host: string, port: number) => `
  const socket = require('node:net').connect({ host: '${host}', port: ${port} });
  const say = (what) => { console.log(what); process.exit(); };
  socket.on('connect', () => say('connected')).on('error', ({ code }) => say(code));
  setTimeout(say, ${SILENCE_MS}, 'silence');`;

/**
 * Another machine in this one's network, which sends to the bundle's own addresses by way of this machine: a network of its own in
 * the kernel, at the end of a cable, with a port that answers whoever gets there.
 */
class Neighbour {
  static readonly #name = `pinstream-${process.pid}`;
  static readonly #cable = `pin${process.pid}`;
  /** A cable has four addresses, of those for tests between networks (RFC 2544): nobody has them, and no other run has these. */
  static readonly #addresses = `198.18.${(process.pid >> 6) & 255}.${(process.pid & 63) * 4}`;
  readonly host = Neighbour.#addresses.replace(/\d+$/, (last) => `${Number(last) + 1}`);
  readonly address = Neighbour.#addresses.replace(/\d+$/, (last) => `${Number(last) + 2}`);
  readonly port = 7;
  readonly #answers: ChildProcess;

  private constructor() {
    const [name, cable] = [Neighbour.#name, Neighbour.#cable];
    ip('netns', 'add', name);
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'out', 'netns', name);
    ip('addr', 'add', `${this.host}/30`, 'dev', cable);
    ip('link', 'set', cable, 'up');
    ip('-n', name, 'addr', 'add', `${this.address}/30`, 'dev', 'out');
    ip('-n', name, 'link', 'set', 'out', 'up');
    ip('-n', name, 'route', 'add', 'default', 'via', this.host);
    const script = `
      const answer = (socket) => socket.on('error', () => {}).on('data', () => socket.write('+PONG\\r\\n'));
      require('node:net').createServer(answer).listen(${this.port}, () => console.log('listening'));`;
    this.#answers = endsWithUs(spawn('ip', inside(name, script), { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  static async moveIn(): Promise<Neighbour> {
    const neighbour = new Neighbour();
    await once(neighbour.#answers.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    return neighbour;
  }

  /** What comes of it when he connects to somebody. */
  connects(host: string, port: number): string {
    return ip(...inside(Neighbour.#name, tries(host, port))).trim();
  }

  async moveOut(): Promise<void> {
    this.#answers.kill('SIGKILL');
    await once(this.#answers, 'exit');
    // The network alone would take its cable with it, but later, and the next neighbour could have none.
    ip('link', 'delete', Neighbour.#cable);
    ip('netns', 'delete', Neighbour.#name);
  }
}

const inside = (name: string, script: string) => ['netns', 'exec', name, process.execPath, '-e', script];

function ip(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error || status !== 0)
    throw new Error(
      `This test makes another machine beside this one, for which it needs root and the command ip (apt-get install iproute2), on the machine of the Docker engine: ip ${args.slice(0, 4).join(' ')}: ${error?.message ?? stderr}`,
    );
  return stdout;
}

/** What holds for both bundles. `ports`: of those whom this machine alone shall reach. */
function isShut(of: () => Bundle, ports: Readonly<Partial<Record<Part, number>>>): void {
  let neighbour: Neighbour;
  before(async () => {
    neighbour = await Neighbour.moveIn();
  });
  after(() => neighbour?.moveOut());

  test(`a machine beside this one, which sends to the containers' own addresses, has no answer from ${Object.keys(ports).join(' and ')}`, async () => {
    // It gets here: where a bundle is for this machine alone it is refused, not left without an answer.
    const open = neighbour.connects(neighbour.host, Number(of().env.HTTP_PORT ?? '80'));
    assert.equal(open, 'nginx' in ports ? 'ECONNREFUSED' : 'connected');
    for (const [part, port] of Object.entries(ports)) {
      for (const address of await addresses(of(), part as Part))
        assert.equal(neighbour.connects(address, port), 'silence', `${part} at ${address}`);
    }
  });

  test('Redis reaches nobody outside', async () => {
    const { address, port } = neighbour;
    assert.equal(await connects(of(), 'app', address, port), 'connected');
    const ping = `timeout 2 redis-cli -h ${address} -p ${port} ping`;
    const args = ['compose', 'exec', '-T', 'redis', 'sh', '-c', ping];
    assert.doesNotMatch((await of().run('docker', args, { fails: true })).stdout, /PONG/);
  });

  test('nobody can write to an image', async () => {
    const bundle = of();
    for (const part of PARTS) assert.equal(await writes(bundle, part), 'Read-only file system', part);
  });

  test("the app's socket is for nginx, which can leave nothing beside it, and for no other part", async () => {
    const bundle = of();
    const rights = ['drwxr-s--- 1000 101', 'srwxrwx--- 1000 101'];
    assert.deepEqual(await socketRights(bundle, 'app'), rights);
    assert.deepEqual(await socketRights(bundle, 'nginx'), [...rights, 'Read-only file system']);
    assert.equal(
      await curls(bundle, '--unix-socket', '/run/pinstream/app.sock', 'http://localhost/healthz'),
      0,
    );
    for (const part of ['redis', 'sidecar'] as const)
      assert.equal(
        (await bundle.exec(part, 'sh', '-c', 'ls -d /run/pinstream 2>/dev/null || true')).trim(),
        '',
      );
  });

  test('nginx reaches the app, and Redis by no name and at no address', async () => {
    const bundle = of();
    assert.equal(await curls(bundle, 'http://app:8080/healthz'), 0);
    assert.equal(await curls(bundle, 'telnet://redis:6379'), 6);
    for (const address of await addresses(bundle, 'redis'))
      assert.ok([7, 28].includes(await curls(bundle, `telnet://${address}:6379`)), `Redis at ${address}`);
  });

  test('the sidecar reaches Redis and nothing else: not the app, not the world', async () => {
    const bundle = of();
    assert.equal(await connects(bundle, 'sidecar', 'redis', 6379), 'connected');
    const { address: outside, port } = neighbour;
    assert.equal(await connects(bundle, 'app', outside, port), 'connected');
    // Without any way out it is told at once.
    assert.equal(await connects(bundle, 'sidecar', outside, port), 'ENETUNREACH');
    assert.match(await connects(bundle, 'sidecar', 'nginx', 80), /^(EAI_AGAIN|ENOTFOUND)$/);
    for (const address of await addresses(bundle, 'nginx'))
      assert.notEqual(await connects(bundle, 'sidecar', address, 80), 'connected');
  });
}

describe('the rights of the bundle for the Pi', () => {
  const bundle = suiteBundle(PI);
  const { HTTP_PORT = '80', REDIS_PORT = '6379' } = bundle.env;
  before(async () => {
    needsEngine();
    await bundle.remove();
    await bundle.compose('up', '-d', '--build', '--wait');
  });
  after(() => bundle.remove());

  test('only the sidecar is privileged', async () => {
    assert.deepEqual(await rights(bundle), {
      nginx: unprivileged('nginx', 'nginx'),
      app: unprivileged('app', 'node'),
      redis: unprivileged('redis', 'redis'),
      sidecar: {
        ...unprivileged('sidecar', ''),
        user: 'root',
        privileged: true,
        dropped: [],
      },
    });
  });

  test('the others have no right in their containers either, and nobody can gain one', async () => {
    for (const part of ['nginx', 'app', 'redis'] as const) {
      assert.deepEqual(
        await firstProcess(bundle, part),
        { root: false, capabilities: NO_CAPABILITIES, bounding: NO_CAPABILITIES, noNewPrivileges: '1' },
        part,
      );
    }
    const { root, noNewPrivileges } = await firstProcess(bundle, 'sidecar');
    assert.deepEqual([root, noNewPrivileges], [true, '1']);
  });

  test('port 80 is open to all, that of Redis to this machine, and no other', async () => {
    assert.deepEqual(await published(bundle), [
      `*:${HTTP_PORT}->80/tcp`,
      `127.0.0.1:${REDIS_PORT}->6379/tcp`,
    ]);
    assert.equal(await ping('127.0.0.1', Number(REDIS_PORT)), '+PONG\r\n');
    for (const { address, internal, family } of Object.values(networkInterfaces()).flatMap(
      (all) => all ?? [],
    )) {
      if (internal || family !== 'IPv4') continue;
      await assert.rejects(ping(address, Number(REDIS_PORT)), { code: 'ECONNREFUSED' }, address);
    }
  });

  test('without pins it is up all the same: the sidecar is healthy and says what its pin lacks', async () => {
    const [sidecar] = await bundle.inspect('sidecar');
    assert.equal(sidecar?.State.Health?.Status, 'healthy');
    await eventually('the sidecar says that its pin fails', async () =>
      (await bundle.exec('sidecar', 'cat', '/tmp/health')).startsWith('degraded: button (GPIO 17'),
    );
  });

  isShut(() => bundle, { redis: 6379 });
});

describe('the rights of the bundle for a laptop', () => {
  let folder: string;
  let bundle: Bundle;
  let engine: Shell;
  before(async () => {
    needsEngine();
    // A health check each second: the bundle's own, twice a minute, would say only after minutes that somebody hangs.
    folder = await mkdtemp(join(tmpdir(), 'pinstream-rights-'));
    const often = { healthcheck: { interval: '1s', timeout: '1s', retries: 2 } };
    const override = join(folder, 'often.yml');
    await writeFile(
      override,
      JSON.stringify({ services: Object.fromEntries(PARTS.map((part) => [part, often])) }),
    );
    bundle = suiteBundle([...LAPTOP, override]);
    await bundle.remove();
    await bundle.compose('up', '-d', '--build', '--wait');
    engine = await Shell.ofEngine(bundle);
  });
  after(async () => {
    await engine?.close();
    await bundle.remove();
    await rm(folder, { recursive: true, force: true });
  });

  test('nobody is privileged', async () => {
    assert.deepEqual(await rights(bundle), {
      nginx: unprivileged('nginx', 'nginx'),
      app: unprivileged('app', 'node'),
      redis: unprivileged('redis', 'redis'),
      sidecar: unprivileged('sidecar', 'node'),
    });
    for (const part of PARTS) {
      assert.deepEqual(
        await firstProcess(bundle, part),
        { root: false, capabilities: NO_CAPABILITIES, bounding: NO_CAPABILITIES, noNewPrivileges: '1' },
        part,
      );
    }
  });

  test('one port is open, to this machine', async () => {
    assert.deepEqual(await published(bundle), [`127.0.0.1:${bundle.env.HTTP_PORT ?? '80'}->80/tcp`]);
  });

  isShut(() => bundle, { redis: 6379, nginx: 80 });

  test('a part that hangs is known as unhealthy, and well again when it goes on', async () => {
    const hanging = ['app', 'redis', 'sidecar'] as const;
    const health = async (part: Part) => (await bundle.inspect(part))[0]?.State.Health?.Status;
    const all = (status: string) => async () =>
      (await Promise.all(PARTS.map(health))).every((one) => one === status);
    // The first process of app and sidecar only passes signals on to theirs.
    const pids = (
      await Promise.all(
        hanging.map(async (part) => {
          const pid = (await bundle.inspect(part))[0]?.State.Pid;
          return part === 'redis' ? `${pid}` : engine.run(`cat /proc/${pid}/task/${pid}/children`);
        }),
      )
    ).join(' ');
    await engine.run(`kill -STOP ${pids}`);
    // nginx too: its check goes through to Redis.
    await eventually('all are unhealthy', all('unhealthy'), UNHEALTHY_MS);
    await engine.run(`kill -CONT ${pids}`);
    await eventually('all are healthy', all('healthy'), UNHEALTHY_MS);
    for (const part of PARTS) assert.equal((await bundle.inspect(part))[0]?.RestartCount, 0, part);
  });

  for (const [part, grace] of [
    ['app', 15],
    ['sidecar', 10],
  ] as const) {
    test(`docker stop: the ${part} ends by itself, with 0, before its time is over`, async () => {
      const [id] = await bundle.containers(part);
      const from = performance.now();
      await bundle.run('docker', ['stop', id as string]);
      const seconds = (performance.now() - from) / 1000;
      const { stdout } = await bundle.run('docker', ['inspect', id as string]);
      const [{ State }] = JSON.parse(stdout) as [Inspected];
      assert.equal(State.ExitCode, 0);
      assert.ok(seconds < grace, `after ${seconds} s`);
    });
  }
});
