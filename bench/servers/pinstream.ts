import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from '../../test/support/request.ts';
import { answers, type Contender, type Running, type Surroundings, startNode } from '../contender.ts';
import { family, projectNginx } from '../nginx.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** As many streams as there are, all from one address. The rest is as it comes: ids, heartbeats, bounds and counters are on. */
const ROOM = { MAX_STREAMS: '1000000', MAX_STREAMS_PER_ADDRESS: '1000000' };

const DOOR = {
  streamPath: '/stream?channel=bench',
  publishPath: '/events',
  contentType: 'application/json',
  body: '{"channel":"bench","data":"%"}',
};

const BEHIND = { TRUST_PROXY: '1', CORS_OWNER: 'proxy' };

/** The app on its own port. */
export const pinstream: Contender = {
  name: 'pinstream',
  label: 'Pinstream',
  behindNginx: false,
  start: (surroundings) => app(surroundings),
};

/** As in the bundle, with one app and more. */
export const pinstreamTcp: Contender = {
  name: 'pinstream-tcp',
  label: 'Pinstream behind nginx, TCP',
  behindNginx: true,
  async start(surroundings) {
    return behind(surroundings, await app(surroundings, BEHIND));
  },
};

export const pinstreamSocket: Contender = {
  name: 'pinstream-socket',
  label: 'Pinstream behind nginx, unix socket',
  behindNginx: true,
  async start(surroundings) {
    const socket = join(surroundings.place.folder, 'app.sock');
    const direct = await app(surroundings, { ...BEHIND, SOCKET: socket });
    await made(socket);
    return behind(surroundings, direct, socket);
  },
};

/** As the image starts it: see the last line of the Dockerfile. */
async function app(
  surroundings: Surroundings,
  settings: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const { port, program, collect } = await startNode(
    surroundings,
    ['--max-semi-space-size=2', join(ROOT, 'dist/cli.js'), 'serve'],
    {
      REDIS_URL: surroundings.redis.url,
      ADOPT: '*',
      PUBLISH_OPEN: '1',
      ...ROOM,
      ...settings,
      ...surroundings.settings,
    },
  );
  await answers(program, `http://127.0.0.1:${port}/readyz`);
  return { port, door: DOOR, pids: [program.pid], collect, kept: () => kept(port) };
}

/** The number of the newest event: its Redis was empty at the start, and no number is left out. */
async function kept(port: number): Promise<number> {
  const { json } = await request(`http://127.0.0.1:${port}/channels`);
  const { channels } = json as { channels: { last: string }[] };
  return Math.max(0, ...channels.map(({ last }) => Number(last.split('-')[1])));
}

async function behind({ place }: Surroundings, direct: Running, socket?: string): Promise<Running> {
  const app = `127.0.0.1:${direct.port}`;
  const { port, program } = await projectNginx(place, { app, ...(socket !== undefined && { socket }) });
  await answers(program, `http://127.0.0.1:${port}/readyz`);
  return { ...direct, port, pids: [...direct.pids, ...family(program)] };
}

/** As long as there is none nginx goes by TCP, and something else would be measured. */
async function made(socket: string): Promise<void> {
  const late = AbortSignal.timeout(10_000);
  while (!existsSync(socket)) {
    if (late.aborted) throw new Error('The app has made no unix socket.');
    await new Promise((again) => setTimeout(again, 5));
  }
}
