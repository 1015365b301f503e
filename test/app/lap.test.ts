import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Connection } from '../../src/app/sse/connection.ts';
import { join, type Wish } from '../../src/app/sse/join.ts';
import { StoreChanged } from '../../src/app/sse/storeChanged.ts';
import type { Bus } from '../../src/bus/bus.ts';
import type { NewEvent } from '../../src/contract/event.ts';
import { Kept, lateHub, meddled } from '../support/lateHub.ts';

function event(channel: string, data: number): NewEvent {
  return { channel, name: 'message', data: String(data), at: 0 };
}

/** A hub that is behind, and somebody who joins it. */
async function joining(logLength: number) {
  const { bus, hub, epoch, ring } = await lateHub(logLength);
  const enter = (wish: Partial<Wish>, store: Bus = bus, buffer = 1e6) => {
    const output = new Kept();
    const connection = new Connection(output, { buffer, stall: 1e6 }, () => undefined);
    const whole = { channels: ['*'], dialect: 'stream' as const, retry: 2000, heartbeat: 15_000, ...wish };
    return { output, joined: join(connection, hub, store, whole) };
  };
  return { bus, hub, epoch, ring, enter };
}

describe('joining a hub that is behind', () => {
  test('who has heard more elsewhere hears nothing twice', async () => {
    const { bus, epoch, ring, enter } = await joining(100);
    for (let n = 1; n <= 10; n++) await bus.append(event('a', n));
    ring(5);
    const { output, joined } = enter({ cursor: { epoch, n: 10 } });
    await turn();
    ring(10);
    await joined;
    await bus.append(event('a', 11));
    ring(11);
    await turn();
    assert.deepEqual(output.data, ['11']);
  });

  test('a cursor beyond all that the store has is no reason to wait', async () => {
    const { bus, epoch, ring, enter } = await joining(100);
    await bus.append(event('a', 1));
    ring(1);
    const { output, joined } = enter({ cursor: { epoch, n: 50 } });
    await joined;
    assert.match(output.text, new RegExp(`id: ${epoch}-50\n\n`));
  });

  test('ends when the store is exchanged meanwhile: the reader comes back, and is told', async () => {
    const { bus, hub, epoch, ring, enter } = await joining(100);
    for (let n = 1; n <= 10; n++) await bus.append(event('a', n));
    ring(5);
    const { joined } = enter({ cursor: { epoch, n: 10 } });
    await turn();
    hub.open({ epoch: 'zzzzzz', n: 0 });
    await assert.rejects(joined, StoreChanged);
  });
});

describe('events that pour in while somebody joins', () => {
  test('are dropped where they wait when they are too many, and read once more: none lost, none twice', async () => {
    const { bus, epoch, ring, enter } = await joining(10_000);
    let n = 0;
    const pour = async (count: number) => {
      for (let i = 0; i < count; i++) await bus.append(event('a', ++n));
      ring(n);
      await turn();
    };
    await pour(600);
    const store = meddled(bus, async (look) => {
      if (look <= 6) await pour(200);
    });
    const { output, joined } = enter({ cursor: { epoch, n: 0 } }, store, 3000);
    await joined;
    await pour(10);
    assert.deepEqual(
      output.data,
      Array.from({ length: n }, (_, i) => String(i + 1)),
    );
    assert.deepEqual(output.gaps, []);
  });

  test('and push one another out of the log: what is told as lost is what did not come', async () => {
    const { bus, epoch, ring, enter } = await joining(2);
    for (let n = 1; n <= 3; n++) await bus.append(event('b', n));
    ring(3);
    const meddle = async (look: number) => {
      if (look > 1) return;
      for (let n = 4; n <= 6; n++) await bus.append(event('a', n));
      ring(6);
      await turn();
    };
    const { output, joined } = enter({ cursor: { epoch, n: 2 }, channels: ['a', 'b'] }, meddled(bus, meddle));
    await joined;
    assert.deepEqual(output.data, ['3', '5', '6']);
    assert.deepEqual(output.gaps, ['a 4']);
  });
});

describe('events that push one another out of the log at each look', () => {
  test('do not keep a reader waiting: it hears what is left, and is told of the rest as it goes', async () => {
    const { bus, epoch, ring, enter } = await joining(5);
    let n = 0;
    const pour = async (count: number) => {
      for (let i = 0; i < count; i++) await bus.append(event('a', ++n));
      ring(n);
      await turn();
    };
    await pour(3);
    const heard: number[] = [];
    const store = meddled(bus, async (look) => {
      heard.push(output.data.length + output.gaps.length);
      if (look <= 8) await pour(7);
    });
    const { output, joined } = enter({ cursor: { epoch, n: 0 } }, store);
    await joined;
    assert.equal(heard[4] === 0, false, `nothing after ${heard.length} looks`);
    const lost = output.gaps.map((gap) => Number(gap.split(' ')[1]));
    assert.deepEqual(output.data.at(-1), String(n));
    assert.ok(Math.max(...lost) < Number(output.data.at(-1)), 'what came was not told as lost');
  });
});

describe('who wants the last events alone', () => {
  test('is told what was lost since it came, and not what had been lost before', async () => {
    const { bus, ring, enter } = await joining(5);
    let n = 0;
    const pour = async (count: number) => {
      for (let i = 0; i < count; i++) await bus.append(event('a', ++n));
      ring(n);
      await turn();
    };
    await pour(20);
    const store = meddled(bus, async (look) => {
      if (look === 1) await pour(15);
    });
    const { output, joined } = enter({ last: 5 }, store, 200);
    await joined;
    assert.deepEqual(output.data, ['31', '32', '33', '34', '35']);
    assert.deepEqual(output.gaps, ['a 30']);
    const calm = enter({ last: 3 });
    await calm.joined;
    assert.deepEqual([calm.output.data, calm.output.gaps], [['33', '34', '35'], []]);
  });
});

describe('the last events of an empty log', () => {
  test('are those that pour in while it is looked for, however many', async () => {
    const { bus, ring, enter } = await joining(1000);
    const store = new Proxy(bus, {
      get(target, name) {
        if (name !== 'tails') return (Reflect.get(target, name) as () => unknown).bind(target);
        return async () => {
          for (let n = 1; n <= 100; n++) await bus.append(event('a', n));
          ring(100);
          await turn();
          return new Map();
        };
      },
    });
    const { output, joined } = enter({ last: 5 }, store, 500);
    await joined;
    assert.deepEqual(
      output.data,
      Array.from({ length: 100 }, (_, i) => String(i + 1)),
    );
  });
});

describe('a gap', () => {
  test('is told once for each channel, however many pages are read', async () => {
    const { bus, epoch, ring, enter } = await joining(400);
    for (let n = 1; n <= 1000; n++) await bus.append(event(n <= 300 ? 'b' : 'a', n));
    ring(1000);
    const { output, joined } = enter({ cursor: { epoch, n: 0 } });
    await joined;
    assert.deepEqual(output.gaps, ['a 600']);
    const numbers = Array.from({ length: 1000 }, (_, i) => i + 1).filter((n) => n <= 300 || n > 600);
    assert.deepEqual(output.data, numbers.map(String));
  });
});
