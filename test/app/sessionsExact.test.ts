import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Connection } from '../../src/app/sse/connection.ts';
import type { Dialect } from '../../src/app/sse/dialects.ts';
import type { Frame } from '../../src/app/sse/frame.ts';
import { Hub } from '../../src/app/sse/hub.ts';
import { OpenSessions } from '../../src/app/sse/openSessions.ts';
import type { Output } from '../../src/app/sse/output.ts';
import { changedRecord } from '../../src/app/sse/sessionRecord.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import { MemorySessions } from '../../src/bus/memorySessions.ts';
import { changeSession, type SessionRecord } from '../../src/bus/sessions.ts';
import { matches } from '../../src/contract/channel.ts';
import { type Cursor, parseCursor } from '../../src/contract/cursor.ts';

/**
 * What a reader has in the end, whatever was changed, cut off and published in which order. Everything is real but the network:
 * what was written reaches the reader up to any block, and nothing of what follows.
 */

const CHANNELS = ['a', 'b', 'room-1', 'room-2'] as const;
const NAMES = [...CHANNELS, 'room-*', '*-1', '*'];
const WORD = 'w'.repeat(22);

/** What was written on one connection. */
class Written implements Output {
  text = '';
  readonly unsent = 0;
  readonly sent = 0;
  async drained(): Promise<void> {
    await turn();
  }
  end(): void {}
  destroy(): void {}
  write(frame: Frame): void {
    this.text += frame.plain.toString();
  }
}

/**
 * A reader as a page with `EventSource`: its cursor is the last id of a whole block. What came without id counts once
 * `channels` has been said; when the stream begins anew before that, it comes again.
 */
class Reader {
  cursor: string | undefined;
  channels: readonly string[] = [];
  readonly heard: { n: number; channel: string }[] = [];
  readonly gaps: string[] = [];
  #owed: { n: number; channel: string }[] = [];

  read(text: string): void {
    for (const block of text.split('\n\n').slice(0, -1)) this.#block(block);
  }

  #block(block: string): void {
    const id = /^id: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (id !== undefined) this.#moveTo(id);
    if (data === undefined) return;
    const said = JSON.parse(data);
    if (said.type === 'gap') this.gaps.push(data);
    if (said.type === 'open') this.#owed = [];
    if (said.type === 'channels') this.heard.push(...this.#owed.splice(0));
    if (said.type === 'open' || said.type === 'channels') this.channels = said.channels;
    if (said.type !== 'event') return;
    const event = { n: parseCursor(said.id)?.n as number, channel: said.channel };
    assert.ok(covers(this.channels, event.channel) || id === undefined, `${data} after ${this.channels}`);
    (id === undefined ? this.#owed : this.heard).push(event);
  }

  #moveTo(id: string): void {
    const before = this.cursor ? (parseCursor(this.cursor)?.n as number) : 0;
    assert.ok((parseCursor(id)?.n as number) >= before, `the cursor went from ${this.cursor} to ${id}`);
    this.cursor = id;
  }
}

/** An app with one session, its store, and a reader on a bad network. */
class Scene {
  readonly reader = new Reader();
  /** All that was published, by channel. */
  readonly published = new Map<string, number[]>();
  /** From where on each channel was asked for that is listened to; or after which number that began, some time or other. */
  asked = new Map<string, { readonly since: number } | { readonly later: number }>();
  readonly #bus = slow(new MemoryBus({ logLength: 1e5, logAge: 1e9, maxChannels: 100, storeBytes: 1e9 }));
  readonly #sessions = slow(new MemorySessions());
  readonly #hub = new Hub();
  readonly #open = new OpenSessions({ hub: this.#hub, log: this.#bus, sessions: this.#sessions });
  readonly #had = new Set<string>(['a']);
  readonly #buffer: number;
  #output = new Written();
  #leave = () => {};

  constructor(buffer: number) {
    this.#buffer = buffer;
  }

  async start(): Promise<void> {
    await this.#bus.start(this.#hub);
    this.#open.start();
    await this.publish('a');
    this.connect();
    await this.idle();
    this.arrive();
    this.asked.set('a', { since: 1 });
  }

  async publish(channel: string): Promise<void> {
    const { n } = await this.#bus.append({ channel, name: 'message', data: '', at: 0 });
    this.published.set(channel, [...(this.published.get(channel) ?? []), n]);
  }

  /** As PUT does, from where the reader is: or, on channels that it never had, from the beginning. */
  async change(names: readonly string[], withSince: boolean): Promise<void> {
    await this.idle();
    this.arrive();
    const { cursor = '' } = this.reader;
    const here = parseCursor(cursor) as Cursor;
    const added = CHANNELS.filter((one) => covers(names, one) && !this.asked.has(one));
    const isNew = added.every((one) => !this.#had.has(one));
    for (const one of added) this.#had.add(one);
    const since = withSince ? { epoch: here.epoch, n: isNew ? 0 : here.n } : undefined;
    const record = (await changeSession(this.#sessions, WORD, (was) =>
      changedRecord(was as SessionRecord, names, since),
    )) as SessionRecord;
    const before = this.asked;
    this.asked = new Map();
    for (const channel of CHANNELS.filter((one) => covers(record.channels, one))) {
      const now = since ? { since: since.n } : { later: this.#hub.position?.n as number };
      this.asked.set(channel, before.get(channel) ?? now);
    }
  }

  beat(): void {
    this.#hub.beat();
  }

  /** All that was written has reached the reader. */
  arrive(): void {
    this.reader.read(this.#output.text);
    this.#output.text = '';
  }

  /** The network breaks: a part of what was written has reached the reader, which comes back. */
  cut(part: number): void {
    const blocks = this.#output.text.split(/(?<=\n\n)/);
    this.#output.text = blocks.slice(0, Math.round(part * blocks.length)).join('');
    this.arrive();
    this.#leave();
    this.connect();
  }

  connect(): void {
    this.#output = new Written();
    const connection = new Connection(this.#output, { buffer: this.#buffer, stall: 1e9 }, () => undefined);
    const { cursor } = this.reader;
    const wish = {
      channels: ['a'],
      dialect: 'envelope' as Dialect,
      retry: 2000,
      heartbeat: 15_000,
      cursor: cursor === undefined ? undefined : parseCursor(cursor),
    };
    const leave = this.#open.join(WORD, connection, wish, (error) => {
      throw error;
    });
    this.#leave = () => {
      connection.lost();
      leave();
      if (connection.audience) this.#hub.leave(connection, connection.audience);
    };
  }

  /** Until nothing more happens by itself. */
  async idle(): Promise<void> {
    for (let i = 0; i < 60; i++) await turn();
  }

  over(): void {
    this.#leave();
    this.#open.stop();
  }
}

/** A store that takes a moment for each answer, so that other things happen in between. */
function slow<T extends object>(target: T): T {
  return new Proxy(target, {
    get(_, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      if (!['since', 'read', 'swap'].includes(String(name))) return member.bind(target);
      return async (...args: unknown[]) => {
        await turn();
        const answer: unknown = await member.apply(target, args);
        await turn();
        return answer;
      };
    },
  });
}

function covers(names: readonly string[], channel: string): boolean {
  return names.some((name) => matches(name, channel));
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ publish: fc.constantFrom(...CHANNELS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      change: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
      since: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ cut: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.constant({ beat: true }) },
  { weight: 1, arbitrary: fc.constant({ arrive: true }) },
  { weight: 3, arbitrary: fc.record({ turns: fc.nat(6) }) },
);

async function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer One> ? One : never)[],
  buffer: number,
) {
  const scene = new Scene(buffer);
  await scene.start();
  for (const one of steps) {
    if ('publish' in one) await scene.publish(one.publish);
    else if ('change' in one) await scene.change(one.change, one.since);
    else if ('cut' in one) scene.cut(one.cut);
    else if ('beat' in one) scene.beat();
    else if ('arrive' in one) scene.arrive();
    else for (let i = 0; i < one.turns; i++) await turn();
  }
  await scene.idle();
  for (const channel of CHANNELS) await scene.publish(channel);
  await scene.idle();
  scene.arrive();
  scene.over();
  return scene;
}

describe('whatever is changed, cut off and published', () => {
  for (const buffer of [1e6, 400]) {
    test(`each event of a channel comes once, none is lost, none is told as lost (${buffer} bytes may wait)`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const { reader, published, asked } = await play(steps, buffer);
          const numbers = reader.heard.map(({ n }) => n);
          assert.deepEqual([...new Set(numbers)].length, numbers.length, `twice in ${numbers}`);
          assert.deepEqual(reader.gaps, []);
          for (const [channel, from] of asked) {
            const all = published.get(channel) ?? [];
            const heard = reader.heard.filter((one) => one.channel === channel).map(({ n }) => n);
            const after = 'since' in from ? from.since : Math.min(...heard.filter((n) => n > from.later)) - 1;
            assert.deepEqual(
              heard.filter((n) => n > after).sort((x, y) => x - y),
              all.filter((n) => n > after),
              `${channel} after ${after}`,
            );
            assert.equal(heard.at(-1), all.at(-1), 'the newest came');
          }
        }),
        { numRuns: 500, includeErrorInReport: true },
      );
    });
  }
});
