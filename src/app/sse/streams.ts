import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Bus, BusError } from '../../bus/bus.ts';
import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../metrics.ts';
import { Admission } from './admission.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import { type Dialect, retryBlock, sayingBlock } from './dialects.ts';
import { frame } from './frame.ts';
import type { Hub } from './hub.ts';
import { jitter, RETRY_MS } from './jitter.ts';
import { join, StoreChanged, type Wish } from './join.ts';
import { openOutput } from './output.ts';

export interface StreamsOptions {
  readonly clientBuffer: number;
  readonly maxStreams: number;
  readonly maxStreamsPerAddress: number;
  readonly heartbeat: number;
}

const STALL_MS = 30_000;
const STALL_CHECK_MS = 5_000;
/** The browsers of an app that goes down come back over so long a time. */
const CLOSING_RETRY_MS = [1_000, 5_000] as const;

/** All open streams of this app: who may open one, their heartbeat, their end. */
export class Streams {
  readonly #hub: Hub;
  readonly #bus: Bus;
  readonly #options: StreamsOptions;
  readonly #limits: ConnectionLimits;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #open = new Map<Connection, Dialect>();
  #heartbeat: NodeJS.Timeout | undefined;
  #stallCheck: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  constructor(hub: Hub, bus: Bus, options: StreamsOptions, metrics: Metrics, log: Log) {
    this.#hub = hub;
    this.#bus = bus;
    this.#options = options;
    this.#limits = { buffer: options.clientBuffer, stall: STALL_MS };
    this.#metrics = metrics;
    this.#log = log;
    setMaxListeners(0, this.over); // each long poll listens to it
    this.#admission = new Admission(options.maxStreams, options.maxStreamsPerAddress);
  }

  get closing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Aborts when the streams are ended: long polls end with them. */
  get over(): AbortSignal {
    return this.#closing.signal;
  }

  get count(): number {
    return this.#admission.all;
  }

  start(): void {
    this.#heartbeat = setInterval(() => this.#hub.beat(), this.#options.heartbeat);
    this.#stallCheck = setInterval(() => this.#checkStalls(), STALL_CHECK_MS);
  }

  /** Why no stream can be opened at the moment, as a sentence; undefined when one can. */
  problem(address: string): string | undefined {
    if (this.closing) return 'This server is about to stop.';
    const { ready, problem } = this.#bus.status();
    if (!ready || !this.#hub.position) return problem ?? 'The store has not answered yet.';
    return this.#admission.problem(address);
  }

  /** Holds a place for as long as something takes: a long poll counts as a stream. */
  async during<T>(address: string, work: () => Promise<T>): Promise<T> {
    this.#admission.enter(address);
    try {
      return await work();
    } finally {
      this.#admission.leave(address);
    }
  }

  /** Opens a stream on a response of its own. All of its errors end it: the browser comes back by itself. */
  open(
    request: IncomingMessage,
    response: ServerResponse,
    address: string,
    wish: Omit<Wish, 'retry' | 'heartbeat'>,
  ): void {
    this.#admission.enter(address);
    const closed = () => {
      connection.lost();
      this.#open.delete(connection);
      this.#admission.leave(address);
      if (connection.audience) this.#hub.leave(connection, connection.audience);
    };
    const output = openOutput(request, response, closed);
    const connection = new Connection(output, this.#limits, (reason) => {
      this.#metrics.cut.inc({ reason });
      this.#log.info({ reason, address }, 'A reader was cut off; it can come back and replay.');
    });
    this.#open.set(connection, wish.dialect);
    join(connection, this.#hub, this.#bus, {
      ...wish,
      retry: jitter(...RETRY_MS),
      heartbeat: this.#options.heartbeat,
    }).catch((error: unknown) => this.#fail(connection, wish.dialect, error));
  }

  /** Tells every stream to come back later, each at its own time, and ends it. */
  close(): void {
    this.#closing.abort();
    clearInterval(this.#heartbeat);
    clearInterval(this.#stallCheck);
    for (const [connection, dialect] of this.#open) {
      connection.end(
        frame(retryBlock(jitter(...CLOSING_RETRY_MS)) + sayingBlock(dialect, { type: 'closing' })),
      );
    }
  }

  #fail(connection: Connection, dialect: Dialect, error: unknown): void {
    const known = error instanceof BusError || error instanceof StoreChanged;
    if (!known) this.#log.error({ error: String(error) }, 'A stream failed; its browser will come back.');
    const reason = error instanceof BusError ? error.message : 'The store has changed: come back.';
    connection.end(frame(refusalText(dialect, reason)));
  }

  #checkStalls(): void {
    const now = performance.now();
    for (const connection of this.#open.keys()) connection.checkStall(now);
  }
}

/**
 * What a stream says that is refused for a passing reason. Its status is 200: at any other one EventSource would give up for
 * ever (G1).
 */
export function refusalText(dialect: Dialect, reason: string): string {
  return retryBlock(jitter(...RETRY_MS)) + sayingBlock(dialect, { type: 'refused', reason });
}
