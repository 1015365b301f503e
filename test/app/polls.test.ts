import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Hub } from '../../src/app/sse/hub.ts';
import type { Poll } from '../../src/app/sse/poll.ts';
import { Polls } from '../../src/app/sse/polls.ts';
import type { Found, Question } from '../../src/app/sse/question.ts';
import { BusError, type Page, type SinceQuery } from '../../src/bus/bus.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import type { Cursor } from '../../src/contract/cursor.ts';

const LIMITS = { logLength: 5, logAge: 86_400_000, maxChannels: 100, storeBytes: 2 ** 20 };
const LONG = 60_000;

/** A bus that counts its reads, whose store can be away, and whose answers can be held up on their way. */
class CountingBus extends MemoryBus {
  reads = 0;
  away = false;
  onItsWay: Promise<void> | undefined;
  /** Turns of the event loop that an answer takes. */
  turns = 0;

  override async since(query: SinceQuery): Promise<Page> {
    this.reads++;
    if (this.away) throw new BusError('away', 'The store is away.');
    const page = await super.since(query);
    await this.onItsWay;
    for (let i = 0; i < this.turns; i++) await turn();
    return page;
  }
}

/** The polls of an app on a store with five events on the channel `before`. */
class Waiting {
  readonly bus: CountingBus;
  readonly hub = new Hub();
  readonly polls: Polls;
  readonly #timersBefore = timers();

  constructor(logLength: number) {
    this.bus = new CountingBus({ ...LIMITS, logLength });
    this.polls = new Polls(this.hub, this.bus);
  }

  static async start({ logLength } = LIMITS): Promise<Waiting> {
    const waiting = new Waiting(logLength);
    await waiting.bus.start(waiting.hub);
    for (let i = 1; i <= 5; i++) await waiting.publish('before', String(i));
    return waiting;
  }

  async publish(channel: string, data: string): Promise<void> {
    await this.bus.append({ channel, name: 'message', data, at: 0 });
  }

  open(n: number, channels = ['a'], more: Partial<Question> = {}, milliseconds = LONG): Poll {
    const { epoch } = this.hub.position as Cursor;
    return this.polls.open({ channels, cursor: { epoch, n }, limit: 100, ...more }, milliseconds);
  }

  /** As many that have looked and found nothing. */
  async waiting(count: number, n = 5): Promise<Poll[]> {
    const polls = Array.from({ length: count }, () => this.open(n));
    await settled();
    this.bus.reads = 0;
    return polls;
  }

  /** How many wait. */
  get count(): number {
    return [...this.hub.audiences].reduce((sum, { members }) => sum + members.size, 0);
  }

  /** Reads one event after the other, up to a number. */
  async readOn(from: number, upTo: number): Promise<void> {
    for (let at = from; at < upTo; ) {
      const { page } = await this.open(at, ['a'], { limit: 1 }).answer;
      at = page.end;
      await turn();
    }
  }

  /** Nobody is counted, listened for or waited for any more. */
  assertEmpty(): void {
    assert.equal(this.count, 0);
    assert.deepEqual([...this.hub.audiences], []);
    assert.ok(
      timers() <= this.#timersBefore + 1,
      'no timer is left, besides one that the test runner may have set',
    );
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

function answers(polls: readonly Poll[]): Promise<Found[]> {
  return Promise.all(polls.map(({ answer }) => answer));
}

function said({ page }: Found): string[] {
  return page.events.map(({ data }) => data);
}

/** All that was under way in this turn is done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
}

describe('long polls', { timeout: 30_000 }, () => {
  test('a thousand that come in one moment share a look, and a thousand that wait share one for their event', async () => {
    const app = await Waiting.start();
    const polls = Array.from({ length: 1_000 }, () => app.open(5));
    await settled();
    assert.equal(app.bus.reads, 1);
    await app.publish('a', 'this');
    for (const found of await answers(polls)) {
      assert.deepEqual(said(found), ['this']);
      assert.equal(found.page.end, 6);
    }
    assert.equal(app.bus.reads, 2);
    app.assertEmpty();
  });

  test('what others are told costs them no read', async () => {
    const app = await Waiting.start();
    const polls = await app.waiting(10);
    for (let i = 0; i < 20; i++) await app.publish('other', String(i));
    await settled();
    assert.equal(app.bus.reads, 0);
    app.polls.close();
    await answers(polls);
  });

  test('those who wait from different places each get what they lack, and no more than they asked for', async () => {
    const app = await Waiting.start();
    const polls = [app.open(5), app.open(7), app.open(8, ['a'], { limit: 2 }), app.open(20)];
    await settled();
    app.bus.onItsWay = Promise.resolve();
    for (const data of ['6', '7', '8', '9', '10', '11']) await app.publish(data === '7' ? 'b' : 'a', data);
    const [first, second, third] = await answers(polls.slice(0, 3));
    assert.deepEqual(said(first as Found), ['6', '8', '9', '10', '11']);
    assert.deepEqual(said(second as Found), ['8', '9', '10', '11']);
    assert.deepEqual(said(third as Found), ['9', '10']);
    assert.deepEqual(
      [first, second, third].map((found) => found?.page.end),
      [11, 11, 10],
    );
    assert.equal(app.count, 1, 'one has heard more elsewhere than this app, and waits on');
    app.polls.close();
  });

  test('a slow reader far behind keeps nobody from a full page', async () => {
    const app = await Waiting.start();
    for (let n = 6; n <= 10; n++) await app.publish('a', String(n));
    const [behind, between, near] = await answers([
      app.open(0, ['before', 'a'], { limit: 1 }),
      app.open(2, ['before', 'a'], { limit: 3 }),
      app.open(6, ['before', 'a'], { limit: 3 }),
    ]);
    assert.deepEqual(said(behind as Found), ['1']);
    assert.deepEqual(said(between as Found), ['3', '4', '5']);
    assert.deepEqual(said(near as Found), ['7', '8', '9']);
    app.assertEmpty();
  });

  test('readers who catch up keep nobody from an event that has come, and others do not keep one far behind', async () => {
    const app = await Waiting.start({ ...LIMITS, logLength: 1_000 });
    for (let n = 6; n <= 205; n++) await app.publish('a', String(n));
    app.bus.turns = 2;
    const reading = Promise.all([50, 53, 56, 59, 62].map((from) => app.readOn(from, 205)));
    for (let i = 0; i < 10; i++) await turn();
    const live = app.open(205);
    const behind = app.open(5, ['a'], { limit: 1 });
    await app.publish('a', 'new');
    app.bus.reads = 0;
    const [found, first] = await answers([live, behind]);
    assert.deepEqual([said(found as Found), said(first as Found)], [['new'], ['6']]);
    assert.ok(app.bus.reads <= 20, `after ${app.bus.reads} reads, of hundreds that the others need`);
    await reading;
    app.assertEmpty();
  });

  test('an event that comes while the look is on its way is not lost', async () => {
    const app = await Waiting.start();
    let arrive = () => {};
    app.bus.onItsWay = new Promise((done) => {
      arrive = done;
    });
    const poll = app.open(5);
    await settled();
    await app.publish('a', 'meanwhile');
    await settled();
    arrive();
    assert.deepEqual(said(await poll.answer), ['meanwhile']);
  });

  test('a gap is told to those who have it, and only to those', async () => {
    const app = await Waiting.start();
    const polls = [app.open(5), app.open(8)];
    await settled();
    // Six events in one turn, of which the log keeps five: 6 is gone before anybody looks.
    await Promise.all(['6', '7', '8', '9', '10', '11'].map((data) => app.publish('a', data)));
    const [from5, from8] = await answers(polls);
    assert.deepEqual(from5?.page.gaps, [{ channel: 'a', until: 6, certain: true }]);
    assert.deepEqual(said(from5 as Found), ['7', '8', '9', '10', '11']);
    assert.deepEqual(from8?.page.gaps, []);
    assert.deepEqual(said(from8 as Found), ['9', '10', '11']);
  });

  test('who comes without a cursor has missed nothing, and waits', async () => {
    const app = await Waiting.start();
    for (let i = 0; i < 6; i++) await app.publish('a', String(i));
    assert.deepEqual(said(await app.open(0, ['a'], { cursor: undefined }).answer), ['1', '2', '3', '4', '5']);
    const waits = app.open(0, ['new'], { cursor: undefined });
    await settled();
    await app.publish('new', 'first');
    assert.deepEqual(said(await waits.answer), ['first']);
  });

  test('a reader of another store is told at once, with the beginning of this one', async () => {
    const app = await Waiting.start();
    for (const cursor of ['unknown', { epoch: 'zzzzzz', n: 3 }] as const) {
      const [foreign, own] = [app.open(0, ['before'], { cursor }), app.open(4, ['before'])];
      assert.equal((await foreign.answer).foreign, true);
      assert.deepEqual(said(await foreign.answer), ['1', '2', '3', '4', '5']);
      assert.deepEqual(said(await own.answer), ['5']);
    }
    const nothing = await app.open(0, ['never'], { cursor: 'unknown' }).answer;
    assert.deepEqual([nothing.foreign, nothing.page.end], [true, 5]);
  });

  test('one that nobody answers ends in time, with a cursor as far as it has looked', async () => {
    const app = await Waiting.start();
    const found = await app.open(2, ['a'], {}, 10).answer;
    assert.deepEqual([found.page.epoch, found.page.end, said(found)], [app.hub.position?.epoch, 5, []]);
    app.assertEmpty();
  });

  test('the end of the app answers all, also those whose look is still on its way', async () => {
    const app = await Waiting.start();
    const waiting = await app.waiting(3, 4);
    app.bus.onItsWay = new Promise(() => {});
    const looking = [
      app.open(2),
      app.open(0, ['a'], { cursor: undefined }),
      app.open(0, ['a'], { cursor: 'unknown' }),
    ];
    await settled();
    app.polls.close();
    const found = await answers([...waiting, ...looking]);
    assert.deepEqual(
      found.map(({ page, foreign }) => [page.end, page.events.length, foreign]),
      [...waiting.map(() => [5, 0, false]), [2, 0, false], [0, 0, false], [0, 0, true]],
    );
    app.assertEmpty();
  });

  test('those whose look fails are told so, and others wait on', async () => {
    const app = await Waiting.start();
    const others = app.open(5, ['b']);
    const waiting = await app.waiting(3);
    app.bus.away = true;
    await app.publish('a', 'unseen');
    for (const poll of waiting) await assert.rejects(poll.answer, { name: 'BusError', reason: 'away' });
    assert.equal(app.count, 1);
    app.bus.away = false;
    const again = app.open(5);
    await app.publish('b', 'seen');
    assert.deepEqual([said(await again.answer), said(await others.answer)], [['unseen'], ['seen']]);
    app.assertEmpty();
  });

  test('a heartbeat that wakes thousands of channels reads them a few at a time', async () => {
    const app = await Waiting.start();
    const polls = Array.from({ length: 2_000 }, (_, i) => app.open(5, [`a${i}`]));
    await settled();
    let arrive = () => {};
    app.bus.onItsWay = new Promise((done) => {
      arrive = done;
    });
    app.bus.reads = 0;
    app.hub.beat();
    await settled();
    assert.equal(app.bus.reads, 16);
    app.polls.close();
    await answers(polls);
    arrive();
    await settled();
    assert.equal(app.bus.reads, 16, 'nothing is read for those who are gone');
    app.assertEmpty();
  });
});
