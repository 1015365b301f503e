import { fileURLToPath } from 'node:url';
import { type Contender, startNode } from '../contender.ts';

const PROGRAM = fileURLToPath(new URL('../peers/betterSse.mjs', import.meta.url));

/** The library for Node that does the most: sessions, channels, pings. */
export const betterSse: Contender = {
  name: 'better-sse',
  label: 'better-sse',
  behindNginx: false,
  async start(surroundings) {
    const { port, program, collect } = await startNode(surroundings, [PROGRAM], {});
    await program.says('ready');
    return {
      port,
      door: { streamPath: '/stream', publishPath: '/publish', contentType: 'text/plain', body: '%' },
      pids: [program.pid],
      collect,
    };
  },
};
