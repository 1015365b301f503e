import { Redis } from 'ioredis';
import { freePort } from '../test/support/freePort.ts';
import { LOAD_CORE } from './machine.ts';
import type { Place } from './place.ts';
import type { Program } from './program.ts';

/** A real redis-server as in the bundle, of the bench's own; beside the load, not beside the server that is measured. */
export class BenchRedis {
  readonly port: number;
  readonly url: string;
  readonly #program: Program;
  readonly #client: Redis;

  private constructor(port: number, program: Program) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#program = program;
    this.#client = new Redis(this.url);
    this.#client.on('error', () => undefined); // whoever asks is told
  }

  static async start(place: Place): Promise<BenchRedis> {
    const port = await freePort();
    const program = place.start({
      command: 'redis-server',
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', place.folder],
        ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
        ...['--maxmemory', '128mb', '--maxmemory-policy', 'noeviction'],
      ],
      core: LOAD_CORE,
    });
    await program.says('Ready to accept connections');
    return new BenchRedis(port, program);
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** As it was at its start. */
  async empty(): Promise<void> {
    await this.#client.flushall();
  }

  stop(): void {
    this.#client.disconnect();
  }
}
