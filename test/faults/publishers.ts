import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Random } from './random.ts';
import { wordsOf } from './words.ts';

/** An event that a publisher was told is kept. */
export interface Kept {
  readonly id: string;
  readonly channel: string;
  readonly name: string;
  readonly data: string;
  readonly t: number;
}

/** A raw publish, and how many clients Redis says that it has reached. */
export interface Raw {
  readonly t: number;
  readonly token: string;
  readonly channel: string;
  readonly reached: number;
}

const HTTP_LANES = 8;
const HUGE = 'x'.repeat(40_000);
/** More than the keeper sends at once. */
const BURST = 300;

/** Publishes over HTTP through nginx, and tries again under the same key until it is told that the event is kept. */
export class HttpPublisher {
  readonly kept: Kept[] = [];
  readonly refused: string[] = [];
  readonly #url: string;
  readonly #random: Random;
  readonly #channels: readonly string[];
  readonly #t0: number;
  #number = 0;
  #stopped = false;
  #huge = 0;
  #lanes: Promise<void>[] = [];

  constructor(url: string, seed: number, channels: readonly string[], t0: number) {
    this.#url = url;
    this.#random = new Random(seed);
    this.#channels = channels;
    this.#t0 = t0;
  }

  start(rate: number): void {
    this.#lanes = Array.from({ length: HTTP_LANES }, () => this.#lane((1000 * HTTP_LANES) / rate));
  }

  /** The next so many events are large ones on this channel: a reader that takes nothing fills up. */
  sendHuge(count: number): void {
    this.#huge += count;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  /** One event that is surely kept; answers its number. */
  async last(channel: string): Promise<number> {
    const [kept] = await this.#post([
      { channel, event: 'message', data: `h:${this.#number++} last`, key: this.#key() },
    ]);
    return Number(kept?.id.split('-')[1]);
  }

  async #lane(pause: number): Promise<void> {
    while (!this.#stopped) {
      const count = this.#random.chance(0.1) ? this.#random.between(2, 6) : 1;
      const items = Array.from({ length: count }, () => this.#item());
      await this.#post(items);
      await sleep(this.#random.between(0, 2 * pause * count));
    }
  }

  #item() {
    const huge = this.#huge > 0;
    if (huge) this.#huge--;
    const channel = huge ? 'bulk' : this.#random.pick(this.#channels);
    const event = this.#random.pick(['message', 'note', 'alarm']);
    const data = `h:${this.#number++} ${huge ? HUGE : wordsOf(this.#random)}`;
    return { channel, event, data, key: this.#key() };
  }

  #key(): string {
    return `${this.#t0}-${this.#number}`;
  }

  async #post(
    items: readonly { channel: string; event: string; data: string; key: string }[],
  ): Promise<Kept[]> {
    const kept: Kept[] = [];
    let left = items;
    while (left.length > 0) {
      const answer = await fetch(`${this.#url}/events`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(left.length === 1 ? left[0] : left),
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (!answer || text === undefined || (answer.status >= 500 && answer.status !== 507)) {
        await sleep(200);
        continue;
      }
      if (answer.status !== 201 && answer.status !== 207) {
        this.refused.push(`${answer.status} ${text}`);
        return kept;
      }
      const said = [JSON.parse(text)].flat() as { id?: string; status?: number; error?: string }[];
      const again = [];
      for (const [i, item] of left.entries()) {
        const { id, status = 0, error } = said[i] ?? {};
        if (id !== undefined) {
          const { channel, event: name, data } = item;
          kept.push({ id, channel, name, data, t: Date.now() - this.#t0 });
        } else if (status >= 500) again.push(item);
        else this.refused.push(`${status} ${error}`);
      }
      left = again;
    }
    this.kept.push(...kept);
    return kept;
  }
}

/** Publishes as `redis-cli publish` does, past everything of ours: who listens has it, and nobody else. */
export class RawPublisher {
  readonly sent: Raw[] = [];
  readonly #redis: Redis;
  readonly #random: Random;
  readonly #channels: readonly string[];
  readonly #t0: number;
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(port: number, seed: number, channels: readonly string[], t0: number) {
    this.#redis = new Redis({
      port,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 200,
    });
    this.#redis.on('error', () => undefined);
    this.#random = new Random(seed);
    this.#channels = channels;
    this.#t0 = t0;
  }

  start(rate: number): void {
    this.#timer = setInterval(() => this.#send(), 1000 / rate);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#redis.disconnect();
  }

  /** Mostly one, now and then many at once. */
  #send(): void {
    for (let left = this.#random.chance(0.01) ? BURST : 1; left > 0; left--) this.#sendOne();
  }

  /** One event, now and then a large one, now and then the same several times in a row. */
  #sendOne(): void {
    const channel = this.#random.pick(this.#channels);
    const token = `r:${this.#number++}`;
    const text = `${token} ${this.#random.chance(0.02) ? HUGE : wordsOf(this.#random)}`;
    const form = this.#random.between(0, 3);
    const payload =
      form === 0
        ? JSON.stringify(['note', text])
        : form === 1
          ? JSON.stringify({ data: text, type: 'alarm', id: 'not ours' })
          : text;
    for (let times = this.#random.chance(0.15) ? this.#random.between(2, 4) : 1; times > 0; times--) {
      const t = Date.now() - this.#t0;
      this.#redis.publish(channel, payload).then(
        (reached) => this.sent.push({ t, token, channel, reached }),
        // Nobody knows whether it was done.
        () => this.sent.push({ t, token, channel, reached: 0 }),
      );
    }
  }
}

/** What the backend was told is kept. */
export function keptByBackend(log: string): { kept: Kept[]; gaveUp: string[] } {
  const kept: Kept[] = [];
  const gaveUp: string[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (!line.startsWith('["')) continue;
    const [how, id, channel, name, data] = JSON.parse(line) as [string, string, string, string, string];
    if (how === 'kept') kept.push({ id, channel, name, data, t: 0 });
    // What waits when a backend is ended is told as not published; it is nobody's fault.
    else if (!id.includes('The end came')) gaveUp.push(id);
  }
  return { kept, gaveUp };
}
