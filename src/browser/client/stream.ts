import type { EventHandler, Pinstream, PinstreamEvent, PinstreamOptions, Status } from './api.ts';
import type { Link, Place, Saying } from './messages.ts';
import { matcher } from './pattern.ts';
import { createReader } from './reader.ts';
import { json, request } from './request.ts';
import { linkTo } from './share.ts';

/** A hub that lives answers at once; one that has not by then is gone. */
const LOOK = 5_000;
/** After a refusal: four times this, sixteen times, up to the last. */
const PATIENCE = 250;
const REFUSED_WAIT = 30_000;

/** Who hears what, and how things stand. */
export function createStream(options: PinstreamOptions): Pinstream {
  const { url = '/stream', channels = [], since, last = 0, share = true, token } = options;
  const isPage = typeof document !== 'undefined';
  const base = isPage ? location.href : undefined;
  const closing = new AbortController();
  const { signal } = closing;
  const handlers = new Set<EventHandler>();
  let place: Place = {
    url: new URL(url, base).href,
    token: '',
    credentials: options.withCredentials ? 'include' : 'same-origin',
  };
  /** '': it is not to be had. */
  let script = new URL(options.script ?? new URL('pinstream.js', place.url), base).href;
  let link: Link | undefined;
  /** The page is put away: it has no place until it is taken out again. */
  let isAway = false;
  /** The hub has been asked for a sign of life. */
  let isAsked = false;
  /** Milliseconds for which the last refusal was left alone. */
  let patience = PATIENCE;
  let status = {} as Status;
  let again: ReturnType<typeof setTimeout> | undefined;
  let countdown: ReturnType<typeof setInterval> | undefined;

  const reader = createReader(
    () => place,
    since ?? '',
    (event) => {
      for (const call of [...handlers]) safely(() => call(event));
    },
    (gap) => safely(() => options.onGap?.(gap)),
  );

  function tell({ state, reason, retryAt }: Status): void {
    clearInterval(countdown);
    const say = () => {
      const seconds = retryAt && Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
      const next = { state, reason, retryAt, seconds };
      if (JSON.stringify(next) === JSON.stringify(status)) return;
      status = next;
      safely(() => options.onStatus?.(status));
    };
    say();
    if (retryAt) countdown = setInterval(say, 1_000);
  }

  function leave(): void {
    clearTimeout(again);
    link?.close();
    link = undefined;
    reader.leave();
  }

  function connect(): void {
    leave();
    isAsked = false;
    const hear = (sayings: readonly Saying[]) => {
      isAsked = false;
      for (const saying of sayings) if (link === own) take(saying);
    };
    const own = linkTo(place, share, script, hear, () => {
      script = '';
      if (link === own) connect();
    });
    link = own;
    reader.join(own);
  }

  /** Asks for the token, and connects with it. */
  async function start(): Promise<void> {
    tell({ state: 'connecting', reason: 'Connecting.' });
    try {
      place = { ...place, token: (typeof token === 'function' ? await token() : token) ?? '' };
    } catch (error) {
      wait(`No token: ${(error as Error).message}`, REFUSED_WAIT);
      return;
    }
    if (!signal.aborted && !isAway) connect();
  }

  function wait(reason: string, most: number): void {
    if (signal.aborted) return;
    const milliseconds = (most * (1 + Math.random())) / 2;
    tell({ state: 'waiting', reason, retryAt: Date.now() + milliseconds });
    again = setTimeout(() => void start(), milliseconds);
  }

  function take(saying: Saying): void {
    if (saying.type === 'status') {
      tell(saying.status);
    } else if (saying.type === 'refused') {
      leave();
      // What was good until now may have expired, or another tab was at fault: soon again, and with another token if there is one.
      patience = Math.min(patience * 4, REFUSED_WAIT);
      wait(saying.reason, patience);
    } else if (saying.type === 'unknown') {
      if (link) reader.join(link);
    } else {
      reader.hear(saying);
    }
  }

  /** A page that is put away gives up its place, and takes up where it was: nothing piles up for it meanwhile. */
  function putAway(): void {
    isAway = true;
    leave();
  }

  function takeOut(): void {
    if (isAway) {
      isAway = false;
      void start();
    }
  }

  const looking = setInterval(() => {
    if (!link) return;
    // Who has a place was not refused.
    patience = PATIENCE;
    if (isAsked) connect();
    isAsked = true;
    link.ask({ type: 'here' });
  }, LOOK);
  if (isPage) {
    const wake = (always: boolean) => link?.ask({ type: 'wake', always });
    const on = (target: EventTarget, name: string, call: () => void) =>
      target.addEventListener(name, call, { signal });
    on(window, 'pagehide', putAway);
    on(window, 'pageshow', takeOut);
    on(document, 'freeze', putAway);
    on(document, 'resume', takeOut);
    on(window, 'online', () => wake(true));
    on(window, 'offline', () => wake(true));
    on(document, 'visibilitychange', () => document.hidden || wake(false));
  }

  function on(channel: string, ...rest: [EventHandler] | [string, EventHandler]): () => void {
    const handler = rest.pop();
    const [name] = rest;
    if (typeof handler !== 'function') throw new TypeError('on(channel, name, function) needs a function.');
    const meant = matcher(channel);
    const call = (event: PinstreamEvent) => {
      if (meant(event.channel) && (name ?? event.name) === event.name) handler(event);
    };
    handlers.add(call);
    return () => void handlers.delete(call);
  }

  if (options.onEvent) on('*', options.onEvent);
  reader.add(channels, since ? 0 : last);
  void start();

  return {
    on,
    get status() {
      return status;
    },
    get cursor() {
      return reader.cursor;
    },
    channels: {
      add: (...names) => reader.add(names, last),
      remove: (...names) => reader.remove(names),
      [Symbol.iterator]: () => reader.names()[Symbol.iterator](),
    },
    async publish(event, key) {
      const init = json(event, key ? { authorization: `Bearer ${key}` } : {});
      return (await request(place, 'events', {}, { method: 'POST', ...init })).json();
    },
    async *[Symbol.asyncIterator]() {
      const waiting: PinstreamEvent[] = [];
      let wake = () => {};
      const stop = on('*', (event) => {
        waiting.push(event);
        wake();
      });
      signal.addEventListener('abort', () => wake());
      try {
        while (waiting[0] || !signal.aborted) {
          if (!waiting[0])
            await new Promise<void>((done) => {
              wake = done;
            });
          yield* waiting.splice(0);
        }
      } finally {
        stop();
      }
    },
    close() {
      closing.abort();
      handlers.clear();
      clearInterval(looking);
      leave();
      tell({ state: 'stopped', reason: 'Closed by this page.' });
    },
  };
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
