import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { BusError } from '../../src/bus/bus.ts';
import { MissedAdoptions } from '../../src/bus/missedAdoptions.ts';
import { RawQueue } from '../../src/bus/rawQueue.ts';
import type { RedisLink } from '../../src/bus/redisLink.ts';

const reached = async () => {};

/** What Redis remembers is given by the test: number, channel and text. */
function missing(...remembered: [n: number, channel: string, text: string][]) {
  const asked: [after: number, until: number][] = [];
  const answers = { known: true, away: false, meanwhile: () => {} };
  const redis = {
    pinstreamAdopted: async (_adopted: string, _meta: string, after: number, until: number) => {
      if (answers.away) throw new BusError('away', 'Redis is away.');
      asked.push([after, until]);
      answers.meanwhile();
      const inside = remembered.filter(([n]) => n > after && n <= until);
      return [
        answers.known ? '1' : '',
        ...inside.map(([n, channel, text]) => [
          String(n),
          channel,
          createHash('sha1').update(text).digest('hex'),
        ]),
      ];
    },
  };
  const link = {
    names: { adopted: 'adopted', meta: 'meta' },
    ask: (work: (asked: typeof redis) => unknown) => work(redis),
  } as unknown as RedisLink;
  const queue = new RawQueue();
  const missed = new MissedAdoptions(link, queue);
  const left = () => {
    queue.forgetSent();
    return queue.send(100).map((item) => ('text' in item ? `${item.channel} ${item.text}` : item.marker));
  };
  return { missed, queue, asked, answers, left };
}

describe('what was adopted and dropped by the log before it was heard of', () => {
  test('leaves the queue, the oldest equal one each time, on its own channel', async () => {
    const { missed, queue, left } = missing([5, 'a', 'x'], [6, 'b', 'x'], [7, 'a', 'é'], [9, 'a', 'x']);
    for (const [channel, text] of ['a x', 'a x', 'b y', 'a é', 'b x'].map((one) => one.split(' ')))
      queue.push(channel as string, text as string, 0);
    missed.note(4, 8);
    assert.equal(await missed.ask(reached), true);
    assert.deepEqual(left(), ['a x', 'b y']);
  });

  test('is not taken again when the log had it after all', async () => {
    const { missed, queue, left } = missing([5, 'a', 'x'], [6, 'a', 'x']);
    for (let i = 0; i < 3; i++) queue.push('a', 'x', 0);
    missed.note(4, 8);
    const asking = missed.ask(async () => {
      missed.heardOf(6); // while the log is read
      queue.take(6, 'a', 'x');
    });
    await asking;
    assert.deepEqual(left(), ['a x']);
  });

  test('of gaps that overlap is asked for once', async () => {
    const { missed, queue, asked, left } = missing([5, 'a', 'x']);
    for (let i = 0; i < 2; i++) queue.push('a', 'x', 0);
    missed.note(4, 8);
    missed.note(4, 6);
    missed.note(4, 12);
    await missed.ask(reached);
    assert.deepEqual(asked, [
      [4, 8],
      [8, 12],
    ]);
    assert.deepEqual(left(), ['a x']);
  });

  test('up to a marker of its own that came back is gone with the marker, also while Redis is asked', async () => {
    const { missed, queue, answers, left } = missing([5, 'a', 'x'], [7, 'a', 'y']);
    queue.push('a', 'x', 0); // after the marker, like the one that was adopted before it
    queue.push('a', 'y', 0);
    missed.note(4, 8);
    answers.meanwhile = () => missed.passed(6);
    await missed.ask(reached);
    assert.deepEqual(left(), ['a x']);
  });

  test('is asked for again when Redis could not be asked', async () => {
    const { missed, queue, answers, left } = missing([5, 'a', 'x']);
    queue.push('a', 'x', 0);
    missed.note(4, 8);
    answers.away = true;
    await assert.rejects(missed.ask(reached), /Redis is away/);
    answers.away = false;
    assert.equal(await missed.ask(reached), true);
    assert.deepEqual(left(), []);
  });

  test('and that Redis does not remember any more: it says so, once', async () => {
    const { missed, answers } = missing();
    answers.known = false;
    missed.note(4, 8);
    assert.equal(await missed.ask(reached), false);
    assert.equal(await missed.ask(reached), true);
  });

  test('also when it could not be asked for the rest at once', async () => {
    const { missed, answers } = missing();
    answers.known = false;
    missed.note(4, 8);
    missed.note(8, 12);
    answers.meanwhile = () => {
      answers.away = true;
    };
    await assert.rejects(missed.ask(reached), /Redis is away/);
    Object.assign(answers, { known: true, away: false, meanwhile: () => {} });
    assert.equal(await missed.ask(reached), false);
  });

  test('is not waited for a second time, when the log has been read once', async () => {
    const { missed, answers } = missing();
    let reads = 0;
    const reading = async () => void reads++;
    missed.note(4, 8);
    answers.away = true;
    await assert.rejects(missed.ask(reading), /Redis is away/);
    assert.equal(missed.pending, true);
    answers.away = false;
    await missed.ask(reading);
    assert.deepEqual([reads, missed.pending], [1, false]);
  });

  test('and that a marker has passed whole, is not asked for any more', () => {
    const { missed } = missing();
    missed.note(4, 8);
    missed.passed(8);
    assert.equal(missed.pending, false);
  });

  test('is of no account in another store', async () => {
    const { missed, queue, answers, left } = missing([5, 'a', 'x']);
    queue.push('a', 'x', 0);
    missed.note(4, 8);
    answers.meanwhile = () => missed.forget();
    assert.equal(await missed.ask(reached), true);
    assert.deepEqual(left(), ['a x']);
  });
});
