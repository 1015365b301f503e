import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { changeChannels } from '../../src/app/sse/changeChannels.ts';
import { Connection } from '../../src/app/sse/connection.ts';
import { join } from '../../src/app/sse/join.ts';
import { SessionStream } from '../../src/app/sse/sessionStream.ts';
import { StoreChanged } from '../../src/app/sse/storeChanged.ts';
import type { Bus } from '../../src/bus/bus.ts';
import { MemorySessions } from '../../src/bus/memorySessions.ts';
import type { Owed } from '../../src/bus/sessions.ts';
import { Kept, lateHub, meddled } from '../support/lateHub.ts';

/** A stream on `a`, at a hub that hears only what the test lets it hear. */
async function streaming({ logLength = 1000, buffer = 1e6 } = {}) {
  const { bus, hub, epoch, ring: ringUpTo } = await lateHub(logLength);
  const output = new Kept();
  const connection = new Connection(output, { buffer, stall: 1e6 }, () => undefined);
  let n = 0;
  const publish = async (...channels: string[]) => {
    for (const channel of channels) await bus.append({ channel, name: 'message', data: String(++n), at: 0 });
  };
  const ring = async (upTo = n) => {
    ringUpTo(upTo);
    await turn();
  };
  await join(connection, hub, bus, { channels: ['a'], dialect: 'stream', retry: 2000, heartbeat: 15_000 });
  const owed = (channel: string, since: number): Owed => ({
    channel,
    since: `${epoch}-${since}`,
    rev: 1,
    except: [],
  });
  const change = (
    channels: string[],
    owes: Owed[],
    more: { store?: Bus; begin?: () => Promise<void> } = {},
  ) =>
    changeChannels(connection, hub, more.store ?? bus, {
      channels,
      rev: 1,
      owed: owes,
      begin: more.begin ?? (async () => undefined),
    });
  return { bus, hub, epoch, output, connection, publish, ring, owed, change };
}

describe('while what was missed on added channels is written', () => {
  test('live events wait, in their order, and nothing comes of a channel that was left', async () => {
    const { bus, output, publish, ring, owed, change } = await streaming();
    await publish('a', 'b', 'c');
    await ring();
    const store = meddled(bus, async () => {
      await publish('b', 'a', 'c');
      await ring();
    });
    await change(['b', 'c'], [owed('b', 0), owed('c', 2)], { store });
    await publish('a', 'c');
    await ring();
    assert.equal(output.heard, '1 (2) (3) | 4 6 8');
  });

  test('no gap is told on a channel that is not listened to any more', async () => {
    const { output, publish, ring, owed, change } = await streaming({ logLength: 1 });
    await publish('a1', 'a1', 'a1', 'a1b', 'a1b');
    await ring();
    // The pattern gave way to another one before the stream came to it: what both mean is still owed.
    await change(['*b'], [owed('a*', 0)]);
    assert.equal(output.heard, '!4 (5) |');
  });

  test('it is kept where the stream is, before anything that comes after', async () => {
    const { output, publish, ring, owed, change } = await streaming();
    await publish('b', 'a');
    await ring();
    await change(['a', 'b'], [owed('b', 0)], {
      begin: async () => {
        await publish('a', 'b');
        await ring();
        assert.equal(output.heard, '2');
      },
    });
    assert.equal(output.heard, '2 (1) | 3 4');
  });

  test('so many live events that they cannot wait are read once more: none lost, none twice', async () => {
    const { bus, output, publish, ring, owed, change } = await streaming({ buffer: 500 });
    await publish('b', 'a');
    await ring();
    const store = meddled(bus, async (look) => {
      if (look > 3) return;
      for (let i = 0; i < 30; i++) await publish('a', 'b', 'c');
      await ring();
    });
    await change(['a', 'b'], [owed('b', 0)], { store });
    const live = Array.from({ length: 270 }, (_, i) => i + 3).filter((n) => n % 3 !== 2);
    assert.equal(output.heard, `2 (1) | ${live.join(' ')}`);
  });

  test('what the log drops meanwhile is told as lost, when it has not come', async () => {
    const { bus, output, publish, ring, owed, change } = await streaming({ logLength: 2 });
    await publish('b', 'b', 'a');
    await ring();
    const store = meddled(bus, async (look) => {
      if (look > 1) return;
      await publish('b', 'b', 'b');
      await ring();
    });
    await change(['a', 'b'], [owed('b', 0)], { store });
    await publish('b');
    await ring();
    assert.equal(output.heard, '3 | !4 5 6 7');
  });

  test('the store is exchanged: the stream ends, and its reader comes back and is told', async () => {
    const { bus, hub, publish, ring, owed, change } = await streaming();
    await publish('b');
    await ring();
    const store = meddled(bus, async () => hub.open({ epoch: 'zzzzzz', n: 0 }));
    await assert.rejects(change(['a', 'b'], [owed('b', 0)], { store }), StoreChanged);
  });
});

describe('a change', () => {
  test('by somebody who has heard more than this app yet doubles nothing', async () => {
    const { output, publish, ring, owed, change } = await streaming();
    await publish('b', 'b', 'b');
    await ring(1);
    const changed = change(['a', 'b'], [owed('b', 3)]);
    await turn();
    await ring(3);
    await changed;
    await publish('b');
    await ring();
    assert.equal(output.heard, '| 4');
  });

  test('of a channel that was left and added again, both at once, brings nothing twice', async () => {
    const { output, publish, ring, owed, change } = await streaming();
    await publish('a', 'b', 'a');
    await ring();
    await change(['a', 'b'], [owed('a', 0), owed('b', 0)]);
    assert.equal(output.heard, '1 3 (2) |');
  });

  test('for a reader that has gone meanwhile leaves nobody behind in the hub', async () => {
    const { hub, connection, publish, ring, owed, change } = await streaming();
    await publish('b', 'b');
    const changed = change(['a', 'b'], [owed('b', 2)]);
    connection.lost();
    if (connection.audience) hub.leave(connection, connection.audience);
    await ring();
    await changed;
    assert.deepEqual([...hub.audiences], []);
  });
});

describe('a stream that is opened for a reader who has gone', () => {
  test('leaves its session as it was: the reader is back elsewhere', async () => {
    const { hub, bus } = await streaming();
    let gate: Promise<unknown> = Promise.resolve();
    class Slow extends MemorySessions {
      override async read(word: string) {
        await gate;
        return super.read(word);
      }
    }
    const sessions = new Slow();
    const wish = { channels: ['a'], dialect: 'stream' as const, retry: 2000, heartbeat: 15_000 };
    const opened = (connection: Connection) => {
      const stream = new SessionStream('word', connection, { hub, log: bus, sessions }, (error) =>
        assert.fail(String(error)),
      );
      stream.open(wish);
      return stream;
    };
    const connect = () => new Connection(new Kept(), { buffer: 1e6, stall: 1e6 }, () => undefined);
    opened(connect());
    await turn();
    const before = await sessions.read('word');
    assert.ok(before, 'the first stream has kept its session');
    let release = () => {};
    gate = new Promise<void>((done) => {
      release = done;
    });
    const gone = connect();
    const late = opened(gone);
    await turn();
    gone.lost();
    release();
    await late.leave();
    assert.deepEqual((await sessions.read('word'))?.record, before.record);
  });
});
