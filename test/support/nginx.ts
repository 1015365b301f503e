import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from './children.ts';
import { freePort } from './freePort.ts';
import { type OddApp, startOddApp } from './oddApp.ts';

/** A real nginx with the project's own configuration, rendered as the image renders it, on a free port of 127.0.0.1. */
export interface Nginx {
  readonly url: string;
  readonly port: number;
  /** Returns once every old worker has stopped accepting. */
  reload(): Promise<void>;
  /** Everything that nginx logged. Complete, since it is read after nginx has ended. */
  stop(): Promise<{ access: string; errors: string }>;
}

export interface NginxOptions {
  /** Where the app is, as `127.0.0.1:8080` or `app:8080`. */
  readonly app: string;
  /** Where it is instead, as long as there is a socket. */
  readonly socket?: string;
  /** Who knows the app's name, when it is a name. */
  readonly resolver?: string;
  readonly corsOrigins?: string;
  /** What one address may ask for in a second, and have under way; as the bundle if not given. */
  readonly requests?: number;
  readonly connections?: number;
  /** How many streams there may be in all, and for how long one may be quiet; as the bundle if not given. */
  readonly streams?: number;
  readonly streamSeconds?: number;
  /** Replaced in the configuration: times that no test can wait for, numbers that it cannot reach. */
  readonly replace?: Readonly<Record<string, string>>;
}

const folder = fileURLToPath(new URL('../../nginx/', import.meta.url));
const command = process.env.NGINX || 'nginx';
const path = `${process.env.PATH}:/usr/local/sbin:/usr/sbin`;

/** nginx until the end of the test. */
export async function nginxFor(t: TestContext, options: NginxOptions): Promise<Nginx> {
  const nginx = await startNginx(options);
  t.after(() => nginx.stop());
  return nginx;
}

/** nginx in front of an app that answers as told, until the end of the test. */
export async function chain(
  t: TestContext,
  answer: RequestListener,
  options: Partial<NginxOptions> = {},
): Promise<{ nginx: Nginx; app: OddApp }> {
  const app = await startOddApp(answer);
  t.after(() => app.stop());
  return { app, nginx: await nginxFor(t, { app: app.address, ...options }) };
}

/** nginx with nobody behind it. */
export async function alone(t: TestContext, options: Partial<NginxOptions> = {}): Promise<Nginx> {
  return nginxFor(t, { app: `127.0.0.1:${await freePort()}`, ...options });
}

export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const etc = await stockFolder();
  const dir = await mkdtemp(join(tmpdir(), 'pinstream-nginx-'));
  try {
    return await start(dir, etc, options);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function start(dir: string, etc: string, options: NginxOptions): Promise<Nginx> {
  const port = await freePort();
  const workers = await writeConfiguration(dir, etc, port, options);
  const args = ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr'];
  const globals = `daemon off; pid ${join(dir, 'nginx.pid')};`;
  const check = spawnSync(command, [...args, '-t', '-g', globals], {
    env: { PATH: path },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (check.status !== 0) throw new Error(`nginx -t says:\n${check.stderr}`);

  const access = await open(join(dir, 'access.log'), 'w');
  const child = endsWithUs(
    spawn(command, [...args, '-g', globals], {
      env: { PATH: path },
      stdio: ['ignore', access.fd, 'pipe'],
    }),
  );
  let errors = '';
  const stderr = child.stderr as NonNullable<typeof child.stderr>;
  stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exit = once(child, 'exit');

  /** Until each worker has said `what`, counted from `from` on. */
  async function said(what: string, from = 0): Promise<void> {
    while (errors.slice(from).split(what).length <= workers) {
      if (child.exitCode !== null) throw new Error(`nginx ended:\n${errors}`);
      await Promise.race([once(stderr, 'data'), exit]);
    }
  }
  await said('start worker process ');

  let stopped: Promise<{ access: string; errors: string }> | undefined;
  async function end() {
    child.kill('SIGTERM');
    await exit;
    await access.close();
    const log = await readFile(join(dir, 'access.log'), 'utf8');
    await rm(dir, { recursive: true, force: true });
    return { access: log, errors };
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async reload() {
      const from = errors.length;
      child.kill('SIGHUP');
      await said('gracefully shutting down', from);
    },
    stop() {
      stopped ??= end();
      return stopped;
    },
  };
}

/** How nginx is started by whoever wants to kill and start it himself: its files are in `dir`. */
export async function nginxCommand(
  dir: string,
  port: number,
  options: NginxOptions,
): Promise<{ command: string; args: string[] }> {
  await writeConfiguration(dir, await stockFolder(), port, options);
  const globals = `daemon off; pid ${join(dir, 'nginx.pid')};`;
  return { command, args: ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr', '-g', globals] };
}

/** All of /etc/nginx, in `dir`. Returns how many workers there will be. */
async function writeConfiguration(
  dir: string,
  etc: string,
  port: number,
  options: NginxOptions,
): Promise<number> {
  const { app, resolver, corsOrigins, replace = {} } = options;
  const {
    socket = '/nobody-listens-here',
    requests = 100,
    connections = 2_000,
    streams = 3_000,
    streamSeconds = 86_400,
  } = options;
  // Started by root, the workers run as nobody, and need a way in.
  await chmod(dir, 0o755);
  await mkdir(join(dir, 'conf.d'));
  await copyFile(join(etc, 'mime.types'), join(dir, 'mime.types'));
  const variables = {
    PINSTREAM_LISTEN: `127.0.0.1:${port}`,
    PINSTREAM_APP: app,
    PINSTREAM_SOCKET: socket,
    PINSTREAM_RESOLVER: resolver ?? '127.0.0.1',
    PINSTREAM_TLS: 'no-tls',
    PINSTREAM_ADDRESS_REQUESTS: String(requests),
    PINSTREAM_ADDRESS_CONNECTIONS: String(connections),
    PINSTREAM_STREAMS: String(streams),
    PINSTREAM_STREAM_SECONDS: String(streamSeconds),
  };
  const given = await readFile(join(folder, 'nginx.conf'), 'utf8');
  const rendered = envsubst(await template(), variables, /^PINSTREAM_/);
  for (const part of Object.keys(replace)) {
    if (!(given + rendered).includes(part)) throw new Error(`"${part}" is not in the configuration.`);
  }
  const edited = (text: string) =>
    Object.entries(replace).reduce((so, [part, other]) => so.replaceAll(part, other), text);
  const nginxConf = edited(given);
  await writeFile(join(dir, 'nginx.conf'), nginxConf);
  await writeFile(join(dir, 'conf.d/default.conf'), edited(rendered));
  const map = runCorsMap(corsOrigins, join(dir, 'conf.d'));
  if (map.status !== 0) throw new Error(map.stderr);
  // The image's own places for these are not for everybody.
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    join(dir, 'conf.d/places.conf'),
    places.map((name) => `${name}_temp_path ${join(dir, name)};\n`).join(''),
  );
  return Number(/^worker_processes (\d+);/m.exec(nginxConf)?.[1]);
}

export function template(): Promise<string> {
  return readFile(join(folder, 'templates/default.conf.template'), 'utf8');
}

/** What the image does with a template: `$NAME` and `${NAME}` become the value if NAME is defined and fits the filter. */
export function envsubst(text: string, variables: Readonly<Record<string, string>>, filter: RegExp): string {
  return text.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    return filter.test(name) ? (variables[name] ?? whole) : whole;
  });
}

/** The script that checks the limits, as the image runs it. */
export function runLimits(variables: Readonly<Record<string, string>>) {
  const { status, stderr } = spawnSync('sh', [join(folder, 'limits.sh')], {
    env: { PATH: path, ...variables },
    encoding: 'utf8',
  });
  return { status, stderr };
}

/** The script that writes the map of origins, as the image runs it. */
export function runCorsMap(corsOrigins: string | undefined, outDir: string) {
  const { status, stderr } = spawnSync('sh', [join(folder, 'cors-map.sh')], {
    env: {
      PATH: path,
      NGINX_ENVSUBST_OUTPUT_DIR: outDir,
      ...(corsOrigins !== undefined && { CORS_ORIGINS: corsOrigins }),
    },
    encoding: 'utf8',
  });
  return { status, stderr };
}

/** The folder with nginx's own mime.types. */
async function stockFolder(): Promise<string> {
  const { error, stderr } = spawnSync(command, ['-V'], { env: { PATH: path }, encoding: 'utf8' });
  if (error)
    throw new Error(`${command} cannot be started (apt-get install nginx-light, or NGINX=/path/to/nginx).`);
  return dirname(/--conf-path=(\S+)/.exec(stderr)?.[1] ?? '/etc/nginx/nginx.conf');
}
