import { freePort } from '../../test/support/freePort.ts';
import { compiled } from '../compile.ts';
import type { Contender } from '../contender.ts';
import { SERVER_CORE } from '../machine.ts';

/** A loop in C that does nothing but write: what any server has to pay at least. */
export const loop: Contender = {
  name: 'loop',
  label: 'bare C epoll loop, the limit',
  behindNginx: false,
  async start({ place }) {
    const port = await freePort();
    const program = place.start({ command: compiled('loop'), args: [String(port)], core: SERVER_CORE });
    await program.says('ready');
    return {
      port,
      door: { streamPath: '/stream', publishPath: '/publish', contentType: 'text/plain', body: '%' },
      pids: [program.pid],
      async collect() {},
    };
  },
};
