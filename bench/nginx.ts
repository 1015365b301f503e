import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../test/support/freePort.ts';
import { type NginxOptions, nginxCommand } from '../test/support/nginx.ts';
import { MOST_FILES, SERVER_CORE } from './machine.ts';
import type { Place } from './place.ts';
import { childrenOf, cpuNs } from './proc.ts';
import type { Program } from './program.ts';

/** Each nginx of the bench, whoever wrote its configuration, has the same room: for all streams from one address. */

const FILES = Math.min(MOST_FILES, 65_536);
/** What nginx can count to. */
const MOST = 65_535;
/** Without it nginx would end the connections that publish after a thousand events. */
const LASTING = 'keepalive_requests 100000000;\n';
const PLACES = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export interface StartedNginx {
  readonly port: number;
  readonly program: Program;
}

/** nginx with the project's own configuration, as the image renders it. */
export async function projectNginx(place: Place, app: NginxOptions): Promise<StartedNginx> {
  const port = await freePort();
  const options = { requests: 1_000_000, connections: MOST, streams: MOST, ...app };
  const folder = join(place.folder, 'nginx');
  mkdirSync(folder);
  const { args } = await nginxCommand(folder, port, options);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, `${user()}${roomy(readFileSync(file, 'utf8'))}`);
  writeFileSync(join(folder, 'conf.d/bench.conf'), LASTING);
  return { port, program: await start(place, args) };
}

/** nginx with a configuration of its own. `main` stands at its beginning, `http` in its block http. */
export async function ownNginx(
  place: Place,
  { main = '', workers, http }: { main?: string; workers: number; http: (port: number) => string },
): Promise<StartedNginx> {
  const port = await freePort();
  const folder = join(place.folder, 'nginx');
  mkdirSync(folder);
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `${user()}${main}worker_processes ${workers};
worker_rlimit_nofile ${FILES};
error_log stderr notice;
events { worker_connections ${FILES}; }
http {
${PLACES.map((name) => `${name}_temp_path ${join(folder, name)};\n`).join('')}${LASTING}${http(port)}}
`,
  );
  const globals = `daemon off; pid ${join(folder, 'nginx.pid')};`;
  return {
    port,
    program: await start(place, ['-p', folder, '-c', file, '-e', 'stderr', '-g', globals]),
  };
}

async function start(place: Place, args: readonly string[]): Promise<Program> {
  const program = place.start({
    command: process.env.NGINX || 'nginx',
    args,
    core: SERVER_CORE,
    mute: true,
    ends: 'SIGTERM',
  });
  const [, workers = '1'] = /worker_processes (\d+);/.exec(configuration(args)) ?? [];
  await program.says('start worker process ', Number(workers) - 1);
  // They have been started, and not yet run: the kernel would tell no CPU time of theirs.
  const late = AbortSignal.timeout(10_000);
  while (family(program).some((pid) => cpuNs(pid) === 0)) {
    if (late.aborted) throw program.failure('has workers that do not run');
    await new Promise((again) => setTimeout(again, 5));
  }
  return program;
}

function configuration(args: readonly string[]): string {
  return readFileSync(args[args.indexOf('-c') + 1] as string, 'utf8');
}

/** Started by root its workers would be somebody who may not open the app's socket. */
function user(): string {
  return process.getuid?.() === 0 ? 'user root;\n' : '';
}

/** The bundle is made for three thousand streams of a Pi. */
function roomy(conf: string): string {
  return conf
    .replace(/worker_connections \d+;/, `worker_connections ${FILES};`)
    .replace(/worker_rlimit_nofile \d+;/, `worker_rlimit_nofile ${FILES};`);
}

/** nginx, with its workers. */
export function family(program: Program): number[] {
  return [program.pid, ...childrenOf(program.pid)];
}
