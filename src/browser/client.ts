/**
 * Pinstream in a page:
 *
 *     import { pinstream } from '/pinstream.js';
 *     const stream = pinstream({ channels: ['button', 'room-*'] });
 *     stream.on('button', 'press', (event) => console.log(event.data));
 *
 * It is an EventSource with what that lacks: named events of many channels through one connection, a status that can be
 * shown to people, a watchdog for streams that fell silent, and the way back after EventSource has given up.
 * Nothing is missed in between; what the server's log no longer held is told to `onGap`.
 */
import type { WireEvent, WireGap, WireMessage } from './wire.ts';

export interface PinstreamOptions {
  /** Channels and patterns: `*` stands for any text. */
  readonly channels: readonly string[];
  /** Where the stream is. Left out: `/stream` of the page's own host. */
  readonly url?: string;
  /** This many of the newest events of each channel come first. */
  readonly last?: number;
  /** Milliseconds between two signs of life, should the server not tell. */
  readonly heartbeat?: number;
  readonly onEvent?: (event: PinstreamEvent) => void;
  readonly onStatus?: (status: Status) => void;
  readonly onGap?: (gap: Gap) => void;
}

export interface PinstreamEvent {
  readonly channel: string;
  /** `message` when it was published without a name. */
  readonly name: string;
  readonly data: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
  readonly id: string;
}

/** Events that this stream missed and that the log no longer holds. */
export interface Gap {
  /** undefined: the store is a new one, so that it may be any. */
  readonly channel?: string;
  /** The newest event that was lost. */
  readonly until?: string;
  /** false: nobody knows whether there were any. */
  readonly certain: boolean;
}

export interface Status {
  readonly state: 'connecting' | 'live' | 'waiting' | 'stopped';
  /** Why, as a sentence for people. */
  readonly reason: string;
  /** When the next attempt is made, where that is known: to be compared with Date.now(). */
  readonly retryAt?: number;
}

export type EventHandler = (event: PinstreamEvent) => void;

export interface Pinstream {
  readonly status: Status;
  /** The newest id that was heard; a later stream resumes from it. */
  readonly cursor: string;
  /** Calls the handler for events on a channel or pattern. The answer takes it away again. */
  on(channel: string, handler: EventHandler): () => void;
  /** The same, for events of one name only. */
  on(channel: string, name: string, handler: EventHandler): () => void;
  close(): void;
}

export function pinstream(options: PinstreamOptions): Pinstream {
  return new Stream(options);
}

/** Who hears what, and how things stand. How the messages get here is the line's business. */
class Stream implements Pinstream {
  #status: Status = { state: 'stopped', reason: '' };
  readonly #options: PinstreamOptions;
  readonly #handlers = new Set<(event: PinstreamEvent) => void>();
  readonly #line: Line;

  constructor(options: PinstreamOptions) {
    this.#options = options;
    if (options.onEvent) this.on('*', options.onEvent);
    this.#line = new Line(
      streamUrl(options),
      options.heartbeat ?? 15_000,
      (message) => this.#hear(message),
      (status) => this.#tell(status),
    );
    this.#line.open();
  }

  get status(): Status {
    return this.#status;
  }

  get cursor(): string {
    return this.#line.cursor;
  }

  on(channel: string, nameOrHandler: string | EventHandler, maybeHandler?: EventHandler): () => void {
    const [name, handler] =
      typeof nameOrHandler === 'string' ? [nameOrHandler, maybeHandler] : [undefined, nameOrHandler];
    if (!handler) throw new TypeError('on() needs a function to call: on(channel, name, function).');
    const meant = matcher(channel);
    const call = (event: PinstreamEvent) => {
      if (meant(event.channel) && (name === undefined || name === event.name)) handler(event);
    };
    this.#handlers.add(call);
    return () => void this.#handlers.delete(call);
  }

  close(): void {
    this.#line.close();
    this.#tell({ state: 'stopped', reason: 'Closed by this page.' });
  }

  #hear(message: WireEvent | WireGap): void {
    if (message.type === 'event') {
      const { channel, event: name, data, at, id } = message;
      for (const call of this.#handlers) safely(() => call({ channel, name, data, at, id }));
    } else {
      const { channel, until, certain = true } = message;
      const gap = {
        certain,
        ...(channel !== undefined && { channel }),
        ...(until !== undefined && { until }),
      };
      safely(() => this.#options.onGap?.(gap));
    }
  }

  #tell(status: Status): void {
    const { state, reason, retryAt } = this.#status;
    if (status.state === state && status.reason === reason && status.retryAt === retryAt) return;
    this.#status = status;
    safely(() => this.#options.onStatus?.(status));
  }
}

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** A stream that was silent for this many heartbeats is taken for dead (G10). */
const SILENT_BEATS = 2.5;

/** One EventSource after the other, each going on where the last one ended. */
class Line {
  /** Sent back as `last_event_id` when a new EventSource starts; between attempts of the same one the browser does it. */
  cursor = '';
  readonly #url: URL;
  readonly #hear: (message: WireEvent | WireGap) => void;
  readonly #tell: (status: Status) => void;
  readonly #wake = () => this.#lookUp();
  #heartbeat: number;
  #source: EventSource | undefined;
  #attempts = 0;
  #heardAt = 0;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** What the server said before it ended the stream. */
  #farewell = '';

  constructor(
    url: URL,
    heartbeat: number,
    hear: (message: WireEvent | WireGap) => void,
    tell: (status: Status) => void,
  ) {
    this.#url = url;
    this.#heartbeat = heartbeat;
    this.#hear = hear;
    this.#tell = tell;
  }

  open(): void {
    for (const name of WAKING) addEventListener(name, this.#wake);
    this.#connect(`Connecting to ${this.#url.host}.`);
  }

  close(): void {
    for (const name of WAKING) removeEventListener(name, this.#wake);
    this.#hangUp();
  }

  #connect(reason: string): void {
    this.#hangUp();
    if (this.cursor) this.#url.searchParams.set('last_event_id', this.cursor);
    const source = new EventSource(this.#url);
    source.addEventListener('pinstream', (event) => this.#take(event));
    source.onerror = () => this.#lose(source);
    this.#source = source;
    this.#heard();
    this.#tell({ state: 'connecting', reason });
  }

  #hangUp(): void {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#watchdog);
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #take(event: MessageEvent<string>): void {
    // Also what an id-only block said: a cursor advances over events on channels that are not listened to.
    if (event.lastEventId) this.cursor = event.lastEventId;
    const message = JSON.parse(event.data) as WireMessage;
    if (message.type === 'open' && message.heartbeat) this.#heartbeat = message.heartbeat;
    this.#heard();
    switch (message.type) {
      case 'open':
        this.#attempts = 0;
        this.#farewell = '';
        this.#tell({ state: 'live', reason: 'Events arrive as they happen.' });
        break;
      case 'event':
      case 'gap':
        this.#hear(message);
        break;
      case 'closing':
      case 'refused':
        this.#farewell = message.reason ?? 'The server is restarting.';
        break;
    }
  }

  #lose(source: EventSource): void {
    if (source.readyState !== EventSource.CLOSED) {
      // The browser comes back by itself, in the time that `retry:` said.
      this.#heard();
      const lost = navigator.onLine ? 'The connection was lost.' : 'This device is offline.';
      this.#tell({ state: 'waiting', reason: this.#farewell || lost });
      return;
    }
    // It never does after any answer but 200 (G1), so a proxy's 502 would be the end.
    this.#hangUp();
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts++);
    const wait = FIRST_WAIT / 2 + Math.random() * most;
    const retryAt = Date.now() + wait;
    const retry = setTimeout(() => this.#connect(`Connecting to ${this.#url.host}.`), wait);
    this.#retry = retry;
    this.#tell({ state: 'waiting', reason: 'The server did not accept the stream.', retryAt });
    void refusal(this.#url).then((reason) => {
      if (reason && this.#retry === retry) this.#tell({ state: 'waiting', reason, retryAt });
    });
  }

  /** A sign of life: the watchdog starts anew. */
  #heard(): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(
      () => this.#connect('The stream fell silent.'),
      this.#heartbeat * SILENT_BEATS,
    );
  }

  /** After sleep, or back in the network: nobody should have to wait for a timer. */
  #lookUp(): void {
    const silent = Date.now() - this.#heardAt > this.#heartbeat * SILENT_BEATS;
    if (this.#retry !== undefined || silent) this.#connect(`Connecting to ${this.#url.host}.`);
  }
}

const WAKING = ['online', 'pageshow', 'visibilitychange'];

/** EventSource doesn't say why it was refused; an ordinary request is told. */
async function refusal(url: URL): Promise<string | undefined> {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), 5_000);
  try {
    const response = await fetch(url, { signal: given.signal, cache: 'no-store' });
    if (response.ok) return undefined;
    const told = (await response.json().catch(() => undefined)) as { error?: unknown } | undefined;
    return typeof told?.error === 'string' ? told.error : `The server answered ${response.status}.`;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    given.abort();
  }
}

function streamUrl({ url = '/stream', channels, last }: PinstreamOptions): URL {
  const address = new URL(url, location.href);
  for (const channel of channels) address.searchParams.append('channel', channel);
  if (last) address.searchParams.set('last', String(last));
  // All events come under one name, with their channel: EventSource can't listen to names that it doesn't know.
  address.searchParams.set('envelope', '1');
  return address;
}

function matcher(pattern: string): (channel: string) => boolean {
  if (!pattern.includes('*')) return (channel) => channel === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (channel) => expression.test(channel);
}

/** A page's own mistake is reported as one, and keeps neither the stream nor other handlers from going on. */
function safely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
