import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Bus, BusError } from '../../bus/bus.ts';
import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../metrics.ts';
import type { Requests } from '../requests.ts';
import { Admission, type Full } from './admission.ts';
import { Connection, type ConnectionLimits, type CutReason } from './connection.ts';
import { type Dialect, retryBlock, sayingBlock } from './dialects.ts';
import { frame } from './frame.ts';
import type { Hub } from './hub.ts';
import { jitter, RETRY_MS } from './jitter.ts';
import { join, type Wish } from './join.ts';
import type { OpenSessions } from './openSessions.ts';
import { OpenStream } from './openStream.ts';
import { openOutput } from './output.ts';
import { Polls } from './polls.ts';
import type { Found, Question } from './question.ts';
import { NobodyWaits, type Replay } from './replay.ts';
import { StoreChanged } from './storeChanged.ts';

export interface StreamsOptions {
  readonly hub: Hub;
  readonly bus: Bus;
  readonly replay: Replay;
  readonly sessions: OpenSessions;
  readonly requests: Requests;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clientBuffer: number;
  readonly maxStreams: number;
  readonly maxStreamsPerAddress: number;
  readonly heartbeat: number;
}

const STALL_MS = 30_000;
/** So often that a reader that has stopped is gone within a second after its time. */
const STALL_CHECK_MS = 400;
/** The browsers of an app that goes down come back over so long a time. */
const CLOSING_RETRY_MS = [1_000, 5_000] as const;

/** Why no stream can be opened at the moment: it is counted by this. */
export type Obstacle = Full | 'closing' | 'store';

const FULL: Readonly<Record<Full, string>> = {
  streams: 'There are too many streams here (MAX_STREAMS).',
  address: 'There are too many streams from your address (MAX_STREAMS_PER_ADDRESS).',
};

/** How a stream shall be, and the session whose channels it has. */
export type StreamWish = Omit<Wish, 'retry' | 'heartbeat'> & { readonly session?: string | undefined };

/** All open streams of this app: who may open one, their heartbeat, their end. */
export class Streams {
  readonly polls: Polls;
  readonly #options: StreamsOptions;
  readonly #limits: ConnectionLimits;
  readonly #admission: Admission;
  readonly #open = new Map<Connection, OpenStream>();
  #heartbeat: NodeJS.Timeout | undefined;
  #stallCheck: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#limits = { buffer: options.clientBuffer, stall: STALL_MS };
    this.#admission = new Admission(options.maxStreams, options.maxStreamsPerAddress);
    this.polls = new Polls(options.hub, options.bus);
  }

  get closing(): boolean {
    return this.#closing;
  }

  get count(): number {
    return this.#admission.all;
  }

  start(): void {
    const { sessions, hub, heartbeat } = this.#options;
    sessions.start();
    this.#heartbeat = setInterval(() => hub.beat(), heartbeat);
    this.#stallCheck = setInterval(() => this.#checkStalls(), STALL_CHECK_MS);
  }

  /** Bytes that wait for readers, over all streams. */
  get unsent(): number {
    let sum = 0;
    for (const { output } of this.#open.keys()) sum += output.unsent;
    return sum;
  }

  /** Why no stream can be opened at the moment; undefined when one can. */
  obstacle(address: string): { reason: Obstacle; sentence: string } | undefined {
    if (this.closing) return { reason: 'closing', sentence: 'This server is about to stop.' };
    const { bus, hub } = this.#options;
    const { ready, problem = 'The store has not answered yet.' } = bus.status();
    if (!ready || !hub.position) return { reason: 'store', sentence: problem };
    const reason = this.#admission.full(address);
    return reason && { reason, sentence: FULL[reason] };
  }

  /** A long poll takes a place as a stream does, until it is answered or its reader has left. */
  async poll(
    response: ServerResponse,
    address: string,
    question: Question,
    milliseconds: number,
  ): Promise<Found> {
    this.#admission.enter(address);
    try {
      const poll = this.polls.open(question, milliseconds);
      response.once('close', () => poll.end());
      if (response.destroyed || response.req.socket.destroyed) poll.end();
      return await poll.answer;
    } finally {
      this.#admission.leave(address);
    }
  }

  /** Opens a stream on a response of its own. All of its errors end it: the browser comes back by itself. */
  open(
    request: IncomingMessage,
    response: ServerResponse,
    address: string,
    { session, ...rest }: StreamWish,
  ): void {
    const { requests, hub, replay, sessions, heartbeat } = this.#options;
    this.#admission.enter(address);
    const stream = new OpenStream(address, rest.dialect, this.#gone);
    const connection = new Connection(
      openOutput(request, response, requests, stream),
      this.#limits,
      this.#cut,
    );
    stream.connection = connection;
    this.#open.set(connection, stream);
    const wish = { ...rest, retry: jitter(...RETRY_MS), heartbeat };
    const fail = (error: unknown) => this.#fail(connection, wish.dialect, error);
    if (session === undefined) join(connection, hub, replay, wish).catch(fail);
    else stream.leaveSession = sessions.join(session, connection, wish, fail);
  }

  /** Tells every stream to come back later, each at its own time, and ends it. */
  close(): void {
    this.#closing = true;
    this.polls.close();
    this.#options.sessions.stop();
    clearInterval(this.#heartbeat);
    clearInterval(this.#stallCheck);
    for (const [connection, { dialect }] of this.#open) {
      connection.end(
        frame(retryBlock(jitter(...CLOSING_RETRY_MS)) + sayingBlock(dialect, { type: 'closing' })),
      );
    }
  }

  /** One function for all streams, as the next one: closures for each would be a part of what an idle stream takes. */
  readonly #gone = ({ connection, address, leaveSession }: OpenStream): void => {
    this.#admission.leave(address);
    if (!connection) return;
    connection.lost();
    this.#open.delete(connection);
    if (connection.audience) this.#options.hub.leave(connection, connection.audience);
    leaveSession?.();
  };

  readonly #cut = (reason: CutReason, connection: Connection): void => {
    const { metrics, log } = this.#options;
    metrics.cut.inc({ reason });
    const address = this.#open.get(connection)?.address;
    log.info({ reason, address }, 'A reader was cut off; it can come back and replay.');
  };

  #fail(connection: Connection, dialect: Dialect, error: unknown): void {
    if (error instanceof NobodyWaits) return; // it has left
    connection.end(frame(refusalText(dialect, this.#reasonOf(error))));
  }

  #reasonOf(error: unknown): string {
    if (error instanceof BusError) return error.message;
    if (error instanceof StoreChanged) return 'The store has changed: come back.';
    this.#options.log.error({ error: String(error) }, 'A stream failed; its browser will come back.');
    return "Something went wrong here: come back. The app's log says what.";
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
