import { fileURLToPath } from 'node:url';
import { type Contender, type Running, type Surroundings, startNode } from '../contender.ts';
import { family, ownNginx } from '../nginx.ts';

const PROGRAM = fileURLToPath(new URL('../peers/koa.mjs', import.meta.url));

/** What most people write. */
export const koa: Contender = {
  name: 'koa',
  label: 'Koa, a PassThrough per client',
  behindNginx: false,
  start: (surroundings) => app(surroundings),
};

/** And what they put in front of it. */
export const koaNginx: Contender = {
  name: 'koa-nginx',
  label: 'The same Koa behind nginx, TCP',
  behindNginx: true,
  async start(surroundings) {
    const direct = await app(surroundings);
    const { port, program } = await ownNginx(surroundings.place, {
      // As many as in our own configuration.
      workers: 2,
      http: (at) => `access_log off;
server {
  listen 127.0.0.1:${at} backlog=4096;
  location / {
    proxy_pass http://127.0.0.1:${direct.port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_buffering off;
    proxy_cache off;
    proxy_read_timeout 1d;
  }
}
`,
    });
    return { ...direct, port, pids: [...direct.pids, ...family(program)] };
  },
};

async function app(surroundings: Surroundings): Promise<Running> {
  const { port, program, collect } = await startNode(surroundings, [PROGRAM], {
    REDIS_URL: surroundings.redis.url,
  });
  await program.says('ready');
  return {
    port,
    door: {
      streamPath: '/stream?channel=bench',
      publishPath: '/publish',
      contentType: 'application/json',
      body: '{"channel":"bench","data":"%"}',
    },
    pids: [program.pid],
    collect,
  };
}
