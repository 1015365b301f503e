import type { WireMessage } from '../wire.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { End, Transport } from './line.ts';
import type { Place } from './messages.ts';
import { isFinal, json, type Refusal, refusal, request } from './request.ts';
import type { Track } from './track.ts';
import { unique } from './unique.ts';

/** A stream that says nothing for so long after it was asked for is held back on its way. */
const FIRST_WORD = 3_000;
/** Silent for so many heartbeats: the stream is dead (G10). */
const SILENT_BEATS = 2.5;
/** Silent for so many: it may be. */
const DOUBTED_BEATS = 1.2;
/** In so long the stream has come to other channels. */
const CHANGE = 10_000;

/**
 * One stream, from its opening to its end. Read by fetch: an EventSource neither tells why it was refused nor comes back after
 * any answer but 200 (G1), and what is no event is not to be seen (G10). `live`: it is open, or says so once more.
 */
export function createStreaming(
  place: Place,
  track: Track,
  live: (again?: boolean) => void,
  refused: (refusal: Refusal) => void,
): Transport {
  const abort = new AbortController();
  const { signal } = abort;
  // By which its channels are changed. A new one for each: what an old one is asked late is no harm then.
  const session = unique();
  let end: End | undefined;
  /** The channels that it has, and those that it is to have. */
  let names: readonly string[] = [];
  let wanted = names;
  let isOpen = false;
  let isChanging = false;
  let changed = () => {};
  let farewell = '';
  let wait = 3_000;
  let heartbeat = 15_000;
  let heardAt = Date.now();
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  function finish(as: End): void {
    end ??= as;
    abort.abort();
  }

  function cut(): void {
    finish({ why: 'cut' });
  }

  function watch(milliseconds: number, held?: boolean): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => finish({ why: 'silent', held }), milliseconds);
  }

  async function run(first: readonly string[]): Promise<End> {
    names = wanted = first;
    watch(FIRST_WORD, true);
    try {
      await read();
    } catch (error) {
      if (!end && !isOpen) throw error;
    } finally {
      clearTimeout(watchdog);
      // With it goes a change that is under way.
      abort.abort();
    }
    return end ?? { why: 'ended', wasOpen: isOpen, wait, reason: farewell };
  }

  async function read(): Promise<void> {
    // In an envelope all events come under one name, with their channel.
    const query = { channel: names, envelope: 1, session, last_event_id: track.cursor };
    const { body, headers } = await request(place, '', query, { signal });
    if (!body || !headers.get('content-type')?.startsWith('text/event-stream'))
      throw refusal(`What answers at ${place.url} is not Pinstream.`);
    const take = blocksOf(hear);
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || end) return;
      heardAt = Date.now();
      take(decoder.decode(value, { stream: true }));
      watch(heartbeat * SILENT_BEATS);
      track.sayAll();
    }
  }

  function hear({ id, data, retry }: Block): void {
    wait = Number(retry ?? wait);
    const message: WireMessage | undefined = data ? JSON.parse(data) : undefined;
    if (message?.type === 'event') track.hearEvent(message);
    // Also of channels that are not listened to: the cursor is where the next stream begins.
    else if (id) track.arrive(id);
    switch (message?.type) {
      case 'open':
        heartbeat = message.heartbeat ?? heartbeat;
        isOpen = true;
        track.hear(names);
        track.keep(wanted);
        live();
        want(wanted);
        break;
      case 'ping':
        live(true);
        break;
      case 'gap':
        track.hearGap(message);
        break;
      case 'channels':
        changed();
        break;
      case 'refused':
      case 'closing':
        farewell = message.reason ?? 'The server restarts.';
    }
  }

  function want(others: readonly string[]): void {
    wanted = others;
    if (isOpen && !isChanging) void change();
  }

  /** One change after another: what is wanted meanwhile is the next one. */
  async function change(): Promise<void> {
    isChanging = true;
    while (!end && names.join('\n') !== wanted.join('\n')) {
      const channels = wanted;
      const arrived = new Promise<void>((done) => {
        // At once: what comes right behind it is on the new channels already.
        changed = () => {
          names = channels;
          track.hear(names);
          // What was given up meanwhile goes with the next change.
          track.keep(wanted);
          done();
        };
      });
      const late = setTimeout(cut, CHANGE);
      try {
        await request(place, `$&/${session}`, {}, { method: 'PUT', signal, ...json({ channels }) });
        await arrived;
      } catch (error) {
        if ((error as Refusal).status < 404 && isFinal(error as Refusal) && !end) {
          // Not for this token, or too many: nothing has changed. Who is told leaves out what was refused.
          refused(error as Refusal);
          // Nobody was at fault, even giving some up is refused here: a new stream names its channels itself.
          if (wanted.join('\n') === channels.join('\n')) cut();
        } else {
          // A new stream names its channels itself.
          cut();
        }
      }
      clearTimeout(late);
    }
    isChanging = false;
    if (!end) {
      // Also what was given up and is wanted again, before any of it was asked for.
      track.hear(names);
      track.sayAll();
    }
  }

  return { run, want, cut, isDoubtful: () => Date.now() - heardAt > heartbeat * DOUBTED_BEATS };
}
