import type { WireMessage } from '../wire.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { End, Transport } from './line.ts';
import type { Place } from './messages.ts';
import { beside, Refusal, request } from './request.ts';
import type { Track } from './track.ts';

/** A stream that says nothing for so long after it was asked for is held back on its way. */
const FIRST_WORD = 3_000;
const HEARTBEAT = 15_000;
/** Silent for so many heartbeats: the stream is dead (G10). */
const SILENT_BEATS = 2.5;
/** Silent for so many: it may be. */
const DOUBTED_BEATS = 1.2;
/** In so long the stream has come to other channels. */
const CHANGE = 10_000;
const RETRY = 3_000;
/** Of a change of channels: not for this token, or not at all. Whatever else is wrong with it, a new stream has no part in. */
const REFUSED = [400, 401, 403];

/**
 * One stream, from its opening to its end. Read by fetch: an EventSource neither tells why it was refused nor comes back after
 * any answer but 200 (G1), and its comments and ids are not to be seen (G10).
 */
export class Reading implements Transport {
  readonly #place: Place;
  readonly #track: Track;
  readonly #refused: (refusal: Refusal) => void;
  readonly #live: (lasts: boolean) => void;
  readonly #abort = new AbortController();
  /** By which its channels are changed. A new one for each: what an old one is asked late is no harm then. */
  readonly #session = randomWord();
  #end: End | undefined;
  #names: readonly string[] = [];
  #wanted: readonly string[] = [];
  #isOpen = false;
  #changing = false;
  #changed: () => void = () => undefined;
  #farewell = '';
  #refusal = false;
  #retry = RETRY;
  #heartbeat = HEARTBEAT;
  #heardAt = Date.now();
  #watchdog: ReturnType<typeof setTimeout> | undefined;

  constructor(
    place: Place,
    track: Track,
    refused: (refusal: Refusal) => void,
    live: (lasts: boolean) => void,
  ) {
    this.#place = place;
    this.#track = track;
    this.#refused = refused;
    this.#live = live;
  }

  get isDoubtful(): boolean {
    return Date.now() - this.#heardAt > this.#heartbeat * DOUBTED_BEATS;
  }

  async run(names: readonly string[]): Promise<End> {
    this.#names = this.#wanted = names;
    this.#watch(FIRST_WORD, true);
    try {
      await this.#read(await this.#open());
    } catch (error) {
      if (!this.#end && !this.#isOpen) throw error;
    } finally {
      clearTimeout(this.#watchdog);
      // With it goes a change that is under way.
      this.#abort.abort();
    }
    return (
      this.#end ?? {
        why: 'ended',
        opened: this.#isOpen && !this.#refusal,
        wait: this.#retry,
        reason: this.#farewell,
      }
    );
  }

  want(names: readonly string[]): void {
    this.#wanted = names;
    if (this.#isOpen && !this.#changing) void this.#change();
  }

  cut(): void {
    this.#finish({ why: 'cut' });
  }

  #finish(end: End): void {
    this.#end ??= end;
    this.#abort.abort();
  }

  async #open(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const address = beside(this.#place);
    for (const name of this.#names) address.searchParams.append('channel', name);
    // All events come under one name, with their channel.
    address.searchParams.set('envelope', '1');
    address.searchParams.set('session', this.#session);
    if (this.#track.cursor) address.searchParams.set('last_event_id', this.#track.cursor);
    const response = await request(this.#place, address, { signal: this.#abort.signal });
    const type = response.headers.get('content-type') ?? 'nothing';
    if (response.body && type.startsWith('text/event-stream')) return response.body.getReader();
    throw new Refusal(`What answers at ${address.host}${address.pathname} is no stream, but ${type}.`, 0);
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const take = blocksOf((block) => this.#take(block));
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#end) return;
      this.#heardAt = Date.now();
      take(decoder.decode(value, { stream: true }));
      this.#watch(this.#heartbeat * SILENT_BEATS, false);
      this.#track.flush();
    }
  }

  #watch(milliseconds: number, held: boolean): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#finish({ why: 'silent', held }), milliseconds);
  }

  #take({ id, data, retry = this.#retry }: Block): void {
    this.#retry = retry;
    if (data === '') {
      if (id) this.#track.at(id);
      return;
    }
    const message = JSON.parse(data) as WireMessage;
    if (message.type === 'event') this.#track.event(message);
    // Also of channels that are not listened to: the cursor is where the next stream begins.
    else if (id) this.#track.at(id);
    switch (message.type) {
      case 'open':
        this.#heartbeat = message.heartbeat ?? HEARTBEAT;
        this.#isOpen = true;
        this.#track.hear(this.#names);
        this.#live(false);
        this.want(this.#wanted);
        break;
      case 'ping':
        this.#live(true);
        break;
      case 'gap':
        this.#track.gap(message);
        break;
      case 'channels':
        this.#changed();
        break;
      case 'refused':
        this.#refusal = true;
        this.#farewell = message.reason;
        break;
      case 'closing':
        this.#farewell = message.reason ?? 'The server is restarting.';
    }
  }

  /** One change after another: what is wanted meanwhile is the next one. */
  async #change(): Promise<void> {
    this.#changing = true;
    while (this.#names.join('\n') !== this.#wanted.join('\n') && !this.#end) {
      const channels = this.#wanted;
      const changed = new Promise<void>((done) => {
        this.#changed = () => {
          this.#names = channels;
          this.#track.hear(channels);
          done();
        };
      });
      const late = setTimeout(() => this.cut(), CHANGE);
      try {
        await request(this.#place, beside(this.#place, `/${this.#session}`), {
          method: 'PUT',
          signal: this.#abort.signal,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ channels }),
        });
        await changed;
      } catch (error) {
        const isRefusal = error instanceof Refusal && REFUSED.includes(error.status);
        if (isRefusal && !this.#end) {
          // Nothing has changed: the ears leave out what was refused, and want the rest.
          queueMicrotask(() => this.#refused(error));
          this.#wanted = this.#names;
        } else {
          // A new stream names its channels itself.
          this.cut();
        }
      } finally {
        clearTimeout(late);
      }
    }
    this.#changing = false;
  }
}

function randomWord(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
