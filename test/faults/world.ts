import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/freePort.ts';
import { type NameServer, startNameServer } from '../support/nameServer.ts';
import { nginxCommand } from '../support/nginx.ts';
import { Link } from './link.ts';
import { Part } from './part.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const LOOK_MS = 50;

export const LOG_LENGTH = 60;
/** Where nginx finds the apps, as the replicas of one name. */
const REPLICAS = ['127.0.0.2', '127.0.0.3'];

export interface WorldOptions {
  readonly folder: string;
  readonly seed: number;
  /** Channels that the backend publishes on, and events a second. */
  readonly backend: { readonly rate: number; readonly channels: readonly string[] };
}

/** Everything that runs: real processes, and the wires between them. */
export class World {
  readonly parts = new Map<string, Part>();
  readonly links = new Map<string, Link>();
  readonly problems: string[] = [];
  readonly folder: string;
  redisPort = 0;
  /** Where browsers go, and those that go to an app past nginx. */
  readonly doors = { nginx: '', app1: '', app2: '' };
  #nameServer: NameServer | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start({ folder, seed, backend }: WorldOptions): Promise<World> {
    const world = new World(folder);
    // However this process ends, nothing of it goes on.
    process.on('exit', () => {
      for (const part of world.parts.values()) part.signal('SIGKILL');
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    await mkdir(join(folder, 'redis'));
    await mkdir(join(folder, 'nginx'));
    world.redisPort = await freePort();
    world.#nameServer = await startNameServer(...REPLICAS);
    await world.#addRedis();
    const appPort = await freePort();
    for (const [i, name] of ['app1', 'app2'].entries())
      await world.#addApp(name, REPLICAS[i] as string, appPort);
    await world.#addNginx(appPort);
    await world.#addSidecar();
    await world.#addBackend(seed, backend);
    for (const name of ['redis', 'app1', 'app2', 'nginx', 'sidecar', 'backend']) {
      world.part(name).start();
      await world.part(name).ready();
    }
    return world;
  }

  part(name: string): Part {
    return this.parts.get(name) as Part;
  }

  link(name: string): Link {
    return this.links.get(name) as Link;
  }

  log(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  async stop(): Promise<void> {
    for (const name of ['backend', 'sidecar', 'app1', 'app2', 'nginx', 'redis']) await this.part(name).end();
    for (const link of this.links.values()) await link.close();
    await this.#nameServer?.stop();
  }

  async #addRedis(): Promise<void> {
    const args = [
      '--port',
      String(this.redisPort),
      '--bind',
      '127.0.0.1',
      '--dir',
      join(this.folder, 'redis'),
    ];
    // As in the bundle; but the file is never rewritten, since it says in the end what was kept.
    const keep = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
      '--auto-aof-rewrite-percentage',
      '0',
      '--save',
      '',
    ];
    this.#add('redis', 'redis-server', [...args, ...keep, '--maxmemory-policy', 'noeviction'], {}, () =>
      this.#listens('127.0.0.1', this.redisPort),
    );
  }

  async #addApp(name: string, replica: string, port: number): Promise<void> {
    const own = await freePort();
    await this.#wire(`${name}-redis`, '127.0.0.1', this.redisPort);
    await this.#wire(`nginx-${name}`, '127.0.0.1', own, { host: replica, port });
    this.doors[name as 'app1' | 'app2'] = `http://127.0.0.1:${own}`;
    const env = {
      HOST: '127.0.0.1',
      PORT: String(own),
      REDIS_URL: this.#redisThrough(`${name}-redis`),
      ADOPT: '*',
      LOG_LENGTH: String(LOG_LENGTH),
      HEARTBEAT: '2s',
      PUBLISH_OPEN: '1',
      TRUST_PROXY: '1',
      CORS_OWNER: 'proxy',
      CLIENT_BUFFER: '128KiB',
      LOG_LEVEL: 'debug',
    };
    this.#add(name, process.execPath, [...this.#watched(), join(ROOT, 'dist/cli.js'), 'serve'], env, () =>
      this.#answers(`http://127.0.0.1:${own}/readyz`),
    );
  }

  async #addNginx(appPort: number): Promise<void> {
    const port = await freePort();
    const resolver = (this.#nameServer as NameServer).address;
    const { command, args } = await nginxCommand(join(this.folder, 'nginx'), port, {
      app: `app:${appPort}`,
      resolver,
      // All of its clients have one address; those that poll ask as fast as they are answered.
      requests: 1_000,
    });
    const url = await this.#wire('browsers-nginx', '127.0.0.1', port);
    this.doors.nginx = `http://127.0.0.1:${url}`;
    this.#add('nginx', command, args, {}, () => this.#listens('127.0.0.1', port));
  }

  async #addSidecar(): Promise<void> {
    await this.#wire('sidecar-redis', '127.0.0.1', this.redisPort);
    const env = {
      REDIS_URL: this.#redisThrough('sidecar-redis'),
      GPIO_DRIVER: 'mock',
      MOCK_AUTO: '400ms',
      PINS: 'button=17:debounce=5ms, led=18:out',
      LOG_LEVEL: 'debug',
    };
    this.#add(
      'sidecar',
      process.execPath,
      [...this.#watched(), join(ROOT, 'dist/cli.js'), 'sidecar'],
      env,
      () => this.#answers(`${this.doors.app1}/pins`, (text) => text.includes('"online"')),
    );
  }

  async #addBackend(seed: number, { rate, channels }: WorldOptions['backend']): Promise<void> {
    await this.#wire('backend-redis', '127.0.0.1', this.redisPort);
    // Each start begins at numbers of its own.
    const script = `exec ${JSON.stringify(process.execPath)} --import tsx ${this.#watched().join(' ')} ${JSON.stringify(join(HERE, 'backend.ts'))} ${rate} ${seed} $(date +%s%N | cut -c4-16) ${channels.join(' ')}`;
    this.#add(
      'backend',
      'sh',
      ['-c', script],
      { REDIS_URL: this.#redisThrough('backend-redis') },
      async () => undefined,
    );
  }

  #add(
    name: string,
    command: string,
    args: string[],
    env: Record<string, string>,
    ready: () => Promise<void>,
  ): void {
    const options = { name, command, args, env, cwd: ROOT, log: this.log(name), ready };
    this.parts.set(name, new Part(options, (sentence) => this.problems.push(sentence)));
  }

  async #wire(
    name: string,
    host: string,
    port: number,
    at = { host: '127.0.0.1', port: 0 },
  ): Promise<number> {
    const link = await Link.open(name, { ...at, port: at.port || (await freePort()) }, { host, port });
    this.links.set(name, link);
    return link.at.port;
  }

  #redisThrough(link: string): string {
    return `redis://127.0.0.1:${this.link(link).at.port}`;
  }

  /** A process whose wall clock can be set wrong, and which ends at a warning of Node's. */
  #watched(): string[] {
    return [
      '--trace-warnings',
      '--import',
      join(ROOT, 'test/support/strict.mjs'),
      '--import',
      join(HERE, 'clock.mjs'),
    ];
  }

  async #answers(url: string, met: (text: string) => boolean = () => true): Promise<void> {
    await this.#until(async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return answer.ok && met(await answer.text());
    }, url);
  }

  async #listens(host: string, port: number): Promise<void> {
    await this.#until(
      () =>
        new Promise((done) => {
          const socket = connect(port, host, () => done(true));
          socket.once('error', () => done(false)).once('connect', () => socket.destroy());
        }),
      `${host}:${port}`,
    );
  }

  async #until(met: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!(await met().catch(() => false))) {
      if (performance.now() > deadline)
        throw new Error(`${what} is not there after a minute; see ${this.folder}`);
      await sleep(LOOK_MS);
    }
  }
}
