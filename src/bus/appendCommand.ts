import { Command } from 'ioredis';
import { newEpoch } from '../contract/cursor.ts';
import type { NewEvent } from '../contract/event.ts';
import { DEVICE_SECONDS } from './board.ts';
import { type AppendTerms, HARDWARE_RESERVE, KEY_SECONDS, PRODUCER_SECONDS } from './bus.ts';
import type { RedisNames } from './redisNames.ts';
import { appendScript } from './scripts.ts';

/** What the script takes: keys that all appends have, those of appends with terms, and the words of a plain append in all. */
const PLAIN_KEYS = 7;
const MORE_KEYS = 6;
const PLAIN_WORDS = 3 + PLAIN_KEYS + 9;

/**
 * An append, worded as Redis reads it. It is what an app sends most: ioredis would look at each of its many arguments for
 * each event, most of which are always the same.
 */
export class AppendCommand extends Command {
  readonly #words: string;

  constructor(words: string) {
    super('evalsha', [], { replyEncoding: 'utf8' });
    this.#words = words;
  }

  override toWritable(): string {
    return this.#words;
  }

  /** The same once more, with the script itself: to a Redis that doesn't know it yet. */
  whole(): AppendCommand {
    const known = bulks(['evalsha', appendScript.sha]);
    // A function: in a text the script's own `$` would mean something.
    return new AppendCommand(this.#words.replace(known, () => bulks(['eval', appendScript.lua])));
  }
}

/** Words appends. What is the same in each of them is worded once; what only some have stands at the end, and is left out. */
export class AppendWords {
  readonly #names: RedisNames;
  /** The beginnings: of a plain append, and of one with terms, which has more keys. */
  readonly #plain: string;
  readonly #withTerms: string;
  readonly #everywhere: string;

  constructor(names: RedisNames, limits: string) {
    this.#names = names;
    const keys = [names.meta, names.last, names.trimmed, names.sizes, names.touched, names.pins];
    const begin = (count: number) => bulks(['evalsha', appendScript.sha, String(count), ...keys]);
    this.#plain = `*${PLAIN_WORDS}\r\n${begin(PLAIN_KEYS)}`;
    this.#withTerms = begin(PLAIN_KEYS + MORE_KEYS);
    this.#everywhere = bulks([names.logs, names.doorbell, limits]);
  }

  /** `runId`: the server process for which it is worded. */
  of(event: NewEvent, terms: AppendTerms, runId: string): string {
    const { channel, name, data, at, raw } = event;
    const log = bulk(this.#names.logs + channel);
    const what =
      this.#everywhere +
      bulk(runId) +
      bulk(newEpoch(anyBelow)) +
      bulk(channel) +
      bulk(name) +
      bulk(data) +
      bulk(String(at));
    if (raw === undefined && !hasAny(terms)) return this.#plain + log + what;
    const more = this.#termsOf(terms, raw ?? '');
    const keys = bulks(this.#keysOf(channel, terms));
    return `*${PLAIN_WORDS + MORE_KEYS + more.length}\r\n${this.#withTerms}${log}${keys}${what}${bulks(more)}`;
  }

  #keysOf(channel: string, { key, producer, lease }: AppendTerms): string[] {
    const { keys, producers, presses, device, adopted, lease: noLease } = this.#names;
    return [
      `${keys}${channel}\n${key ?? ''}`,
      producers + (producer?.id ?? ''),
      presses,
      lease?.key ?? noLease,
      device,
      adopted,
    ];
  }

  #termsOf(terms: AppendTerms, raw: string): string[] {
    const { key, producer, presses, lease, device } = terms;
    return [
      raw,
      terms.adopted ? '1' : '',
      String(key === undefined ? 0 : KEY_SECONDS),
      String(producer?.seq ?? 0),
      String(PRODUCER_SECONDS),
      presses?.pin ?? '',
      String(presses?.count ?? ''),
      lease?.token ?? '',
      terms.unlessDeviceLives ? '1' : '',
      terms.hardware ? String(HARDWARE_RESERVE) : '',
      device === undefined ? '' : device.lives ? 'lives' : 'left',
      String(DEVICE_SECONDS),
      ...(device?.pins ?? []),
    ];
  }
}

function hasAny(terms: AppendTerms): boolean {
  for (const _ in terms) return true;
  return false;
}

function bulks(words: readonly string[]): string {
  return words.map(bulk).join('');
}

function bulk(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}

/** A word for a store that is new. It is no secret, and each append brings one, needed or not. */
function anyBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}
