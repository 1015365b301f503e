import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Bus, BusError } from '../../src/bus/bus.ts';
import { GaveUp, Producer, type ProducerOptions } from '../../src/bus/producer.ts';
import { createStore } from '../../src/bus/store.ts';
import type { NewEvent } from '../../src/contract/event.ts';
import { silentLog } from '../../src/lib/log.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { AnswerThief } from '../support/answerThief.ts';
import { Cutter } from '../support/cutter.ts';
import { HeldBus } from '../support/heldBus.ts';
import { TestRedis } from '../support/redis.ts';

const AWAY = new BusError('away', 'Nobody there.');

function event(data: string): NewEvent {
  return { channel: 'a', name: 'message', data, at: 0 };
}

/** What became of each: its data, or the sentence with which it was given up. */
async function outcomes(sent: Record<string, Promise<unknown>>): Promise<Record<string, string>> {
  const entries = Object.entries(sent).map(async ([data, one]) => {
    const outcome = await one.then(
      () => 'kept',
      (error: Error) => error.message,
    );
    return [data, outcome] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe('a producer', () => {
  function producerOf(options?: ProducerOptions) {
    const bus = new HeldBus();
    const producer = new Producer(bus, options);
    const send = (data: string) => producer.send(event(data));
    const sendAll = (...all: string[]) => Object.fromEntries(all.map((data) => [data, send(data)]));
    return { bus, producer, send, sendAll, kept: () => bus.on('a').map(({ data }) => data) };
  }

  test('gives up what has waited longer than its patience, and keeps what comes later in order', async () => {
    const { bus, send, sendAll, kept } = producerOf({ patience: 60 });
    bus.refusal = AWAY;
    const gaveUp = 'Given up after 0.06 s: Nobody there.';
    assert.deepEqual(await outcomes(sendAll('1', '2')), { 1: gaveUp, 2: gaveUp });
    bus.refusal = undefined;
    assert.deepEqual(await outcomes(sendAll('3', '4', '5')), { 3: 'kept', 4: 'kept', 5: 'kept' });
    await send('6');
    assert.deepEqual(kept(), ['3', '4', '5', '6']);
    const sequences = bus.kept.map(({ terms }) => terms.producer?.seq);
    assert.deepEqual(sequences, [3, 4, 5, 6], 'the numbers of those that were given up are not used again');
  });

  test('has a patience for each event, when one is named', async () => {
    const { bus, producer } = producerOf();
    bus.refusal = AWAY;
    await assert.rejects(producer.send(event('once'), 0), { message: 'Given up after 0 s: Nobody there.' });
    const waits = producer.send(event('waits'));
    bus.refusal = undefined;
    await waits;
  });

  test('does not count the time in which others were kept: only a store that is away costs patience', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const { bus, sendAll, kept } = producerOf({ patience: 1_000 });
    const append = bus.append.bind(bus);
    let tries = 0;
    t.mock.method(bus, 'append', (...args: Parameters<Bus['append']>) => {
      now += 600; // each takes its time, and the last one fails once
      return ++tries === 5 ? Promise.reject(AWAY) : append(...args);
    });
    await Promise.all(Object.values(sendAll('1', '2', '3', '4', '5')));
    assert.deepEqual(kept(), ['1', '2', '3', '4', '5']);
  });

  test('holds no more events than its limit: the oldest that surely waits is dropped', async () => {
    const { bus, sendAll, kept } = producerOf({ limit: 3 });
    bus.hold();
    const sent = sendAll('1', '2', '3', '4', '5');
    bus.release();
    const dropped = 'More than 3 events waited for the store: the oldest was dropped.';
    assert.deepEqual(await outcomes(sent), { 1: 'kept', 2: dropped, 3: dropped, 4: 'kept', 5: 'kept' });
    assert.deepEqual(kept(), ['1', '4', '5']);
  });

  test('holds no more bytes than its limit, and has room again for what was kept or dropped', async () => {
    const { bus, sendAll, producer } = producerOf({ bytes: 100_000 });
    const large = (letter: string) => letter.repeat(40_000);
    for (const round of ['first', 'second']) {
      bus.hold();
      const sent = sendAll(large('a'), large('b'), large('c'));
      assert.equal(producer.waiting, 2, round);
      bus.release();
      assert.deepEqual(Object.values(await outcomes(sent)), [
        'kept',
        'More than 0.095367431640625 MiB waited for the store: the oldest was dropped.',
        'kept',
      ]);
    }
  });

  test('gives up what waits when it is closed, and takes no more', async () => {
    const { bus, producer, send, sendAll, kept } = producerOf();
    bus.refusal = AWAY;
    const sent = sendAll('1', '2');
    producer.close();
    const late = 'The end came before the store could be reached.';
    assert.deepEqual(await outcomes(sent), { 1: late, 2: late });
    bus.refusal = undefined;
    await assert.rejects(send('3'), { name: 'GaveUp', message: 'What should send it is closed.' });
    assert.equal(producer.waiting, 0);
    assert.deepEqual(kept(), []);
  });

  test('does not try again what the store refuses', async () => {
    const { bus, send } = producerOf();
    bus.refusal = new BusError('full', 'No room.');
    await assert.rejects(send('1'), (error: Error) => error === bus.refusal && !(error instanceof GaveUp));
  });
});

describe('a producer whose Redis is away at times', () => {
  const closing: (() => Promise<void>)[] = [];
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await TestRedis.start({ options: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await redis.stop();
  });

  async function busAt(port: number): Promise<Bus> {
    const { settings } = readSettings({ REDIS_URL: `redis://127.0.0.1:${port}` });
    const { bus } = createStore(settings, silentLog);
    closing.push(() => bus.close());
    await bus.start();
    return bus;
  }

  async function kept(): Promise<string[]> {
    const bus = await busAt(redis.port);
    while (!bus.status().ready) await new Promise(setImmediate);
    const { events } = await bus.since({ channels: ['a'], after: 0, limit: 1_000 });
    return events.map(({ data }) => data);
  }

  test('keeps each event once, in order, though it is cut off, frozen and killed', async () => {
    const cutter = await Cutter.start(redis.port);
    closing.push(() => cutter.stop());
    const producer = new Producer(await busAt(cutter.port));
    const expected: string[] = [];
    const sent: Promise<unknown>[] = [];
    const send = (count: number) => {
      for (let i = 0; i < count; i++) {
        const data = String(expected.push(`${expected.length + 1}`));
        sent.push(producer.send(event(data)));
      }
    };
    // The first of each round is on its way when it happens, and the others wait.
    send(20);
    await sent[0];
    cutter.cut();
    send(20);
    await sent.at(-1);
    redis.pause();
    send(20);
    await new Promise(setImmediate);
    cutter.cut(); // what Redis has got so far it still does
    redis.resume();
    await sent.at(-1);
    send(20);
    await redis.kill();
    send(20);
    await redis.up();
    await Promise.all(sent);
    assert.deepEqual(await kept(), expected);
  });

  test('appends an event once whose answer got lost', async () => {
    const thief = await AnswerThief.start(redis.port);
    closing.push(() => thief.stop());
    const producer = new Producer(await busAt(thief.port));
    await producer.send(event('1'));
    for (const data of ['2', '3']) {
      const stolen = thief.steal();
      const sent = producer.send(event(data));
      await stolen;
      assert.equal((await kept()).at(-1), data, 'it is kept already');
      const { n, duplicate } = await sent;
      assert.deepEqual({ n, duplicate }, { n: Number(data), duplicate: true });
    }
    await producer.send(event('4'));
    assert.deepEqual(await kept(), ['1', '2', '3', '4']);
  });
});
