import type {
  Channels,
  EventHandler,
  NewEvent,
  Pinstream,
  PinstreamEvent,
  PinstreamOptions,
  Published,
  Status,
} from './api.ts';
import type { Link, Place, Saying } from './messages.ts';
import { matcher } from './pattern.ts';
import { Reader } from './reader.ts';
import { beside, request } from './request.ts';
import { linkTo } from './share.ts';

/** A hub that lives answers at once; one that has not by then is gone. */
const LOOK = 10_000;
const REFUSED_WAIT = 30_000;

/** What `pinstream()` answers: who hears what, and how things stand. */
export class Stream implements Pinstream {
  readonly channels: Channels;
  readonly #options: PinstreamOptions;
  readonly #reader: Reader;
  readonly #handlers = new Set<EventHandler>();
  readonly #closing = new AbortController();
  #place: Place;
  #script: string | undefined;
  #link: Link | undefined;
  /** The page is put away: it has no place until it is taken out again. */
  #isAway = false;
  #status: Status = { state: 'connecting', reason: '' };
  #countdown: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** The hub has been asked for a sign of life. */
  #asked = false;
  /** The token has been good for something. */
  #wasLive = true;

  constructor(options: PinstreamOptions) {
    this.#options = options;
    const { url = '/stream', script, withCredentials, channels = [], since = '', last = 0 } = options;
    const base = typeof location === 'undefined' ? undefined : location.href;
    const address = new URL(url, base);
    const credentials = withCredentials ? 'include' : 'same-origin';
    this.#place = { url: address.href, token: '', credentials };
    this.#script = script ? new URL(script, base).href : new URL('pinstream.js', address).href;
    this.#reader = new Reader(() => this.#place, since, {
      event: (event) => {
        for (const call of this.#handlers) safely(() => call(event));
      },
      gap: (gap) => safely(() => options.onGap?.(gap)),
    });
    if (options.onEvent) this.on('*', options.onEvent);
    this.channels = this.#channels(last);
    this.#reader.add(channels, since ? 0 : last);
    this.#listen();
    void this.#start();
  }

  get status(): Status {
    return this.#status;
  }

  get cursor(): string {
    return this.#reader.cursor;
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

  async publish(event: NewEvent, key?: string): Promise<Published> {
    const place = key ? { ...this.#place, token: '' } : this.#place;
    const response = await request(place, beside(place, 'events'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(event),
    });
    return response.json();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PinstreamEvent> {
    const waiting: PinstreamEvent[] = [];
    let wake = () => {};
    const stop = this.on('*', (event) => {
      waiting.push(event);
      wake();
    });
    const { signal } = this.#closing;
    signal.addEventListener('abort', () => wake());
    try {
      for (;;) {
        const event = waiting.shift();
        if (event) yield event;
        else if (signal.aborted) return;
        else await new Promise<void>((done) => (wake = done));
      }
    } finally {
      stop();
    }
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#leave();
    this.#tell({ state: 'stopped', reason: 'Closed by this page.' });
  }

  #channels(last: number): Channels {
    const reader = this.#reader;
    return {
      add: (...names) => {
        const wasEmpty = reader.names.length === 0;
        reader.add(names, last);
        if (wasEmpty && names.length > 0) this.#sayConnecting();
      },
      remove: (...names) => {
        reader.remove(names);
        if (reader.names.length === 0) this.#tell({ state: 'stopped', reason: 'It listens to no channel.' });
      },
      [Symbol.iterator]: () => reader.names[Symbol.iterator](),
    };
  }

  /** A page that is put away gives up its place, and takes up where it was: nothing piles up for it meanwhile. */
  #listen(): void {
    const { signal } = this.#closing;
    const look = setInterval(() => this.#look(), LOOK);
    signal.addEventListener('abort', () => clearInterval(look));
    if (typeof document === 'undefined') return;
    const on = (target: EventTarget, name: string, call: () => void) =>
      target.addEventListener(name, call, { signal });
    on(window, 'pagehide', () => this.#putAway());
    on(window, 'pageshow', () => this.#takeOut());
    on(document, 'freeze', () => this.#putAway());
    on(document, 'resume', () => this.#takeOut());
    for (const name of ['online', 'offline'])
      on(window, name, () => this.#link?.ask({ type: 'wake', always: true }));
    on(document, 'visibilitychange', () => {
      if (!document.hidden) this.#link?.ask({ type: 'wake', always: false });
    });
  }

  #putAway(): void {
    this.#isAway = true;
    this.#leave();
  }

  #takeOut(): void {
    const wasAway = this.#isAway;
    this.#isAway = false;
    if (wasAway) void this.#start();
  }

  #look(): void {
    if (!this.#link) return;
    if (this.#asked) this.#connect();
    this.#asked = true;
    this.#link.ask({ type: 'here' });
  }

  async #start(): Promise<void> {
    this.#sayConnecting();
    const { token } = this.#options;
    if (typeof token !== 'function') {
      this.#place = { ...this.#place, token: token ?? '' };
    } else {
      try {
        this.#place = { ...this.#place, token: (await token()) ?? '' };
      } catch (error) {
        this.#wait(`There is no token for the stream: ${(error as Error).message}`);
        return;
      }
    }
    if (!this.#closing.signal.aborted && !this.#isAway) this.#connect();
  }

  #connect(): void {
    this.#leave();
    this.#asked = false;
    const link = linkTo(
      this.#place,
      { share: this.#options.share ?? true, script: this.#script },
      (sayings) => {
        this.#asked = false;
        for (const saying of sayings) if (this.#link === link) this.#hear(saying);
      },
      () => {
        this.#script = undefined;
        if (this.#link === link) this.#connect();
      },
    );
    this.#link = link;
    this.#reader.join(link);
  }

  #leave(): void {
    clearTimeout(this.#again);
    this.#link?.close();
    this.#link = undefined;
    this.#reader.leave();
  }

  #hear(saying: Saying): void {
    if (saying.type === 'status') {
      this.#wasLive ||= saying.status.state === 'live' || saying.status.state === 'polling';
      this.#tell(saying.status);
    } else if (saying.type === 'refused') {
      this.#refuse(saying.status, saying.reason);
    } else if (saying.type === 'unknown') {
      if (this.#link) this.#reader.join(this.#link);
    } else {
      this.#reader.hear(saying);
    }
  }

  /** An expired token is asked for anew, once; after that it is a matter of time, as with any other refusal. */
  #refuse(status: number, reason: string): void {
    const isExpired = typeof this.#options.token === 'function' && (status === 401 || status === 403);
    this.#leave();
    if (isExpired && this.#wasLive) {
      this.#wasLive = false;
      void this.#start();
    } else {
      this.#wait(reason);
    }
  }

  #wait(reason: string): void {
    const wait = REFUSED_WAIT * (0.5 + Math.random() / 2);
    this.#tell({ state: 'waiting', reason, retryAt: Date.now() + wait });
    this.#again = setTimeout(() => void this.#start(), wait);
  }

  #sayConnecting(): void {
    this.#tell({ state: 'connecting', reason: `Connecting to ${new URL(this.#place.url).host}.` });
  }

  #tell({ state, reason, retryAt }: Status): void {
    clearInterval(this.#countdown);
    const tell = () => {
      const seconds =
        retryAt === undefined ? undefined : Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
      const was = this.#status;
      if (was.state === state && was.reason === reason && was.retryAt === retryAt && was.seconds === seconds)
        return;
      const status: Status = {
        state,
        reason,
        ...(retryAt !== undefined && { retryAt, seconds: seconds ?? 0 }),
      };
      this.#status = status;
      safely(() => this.#options.onStatus?.(status));
    };
    tell();
    if (retryAt !== undefined && !this.#closing.signal.aborted) this.#countdown = setInterval(tell, 1_000);
  }
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
