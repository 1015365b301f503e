import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { lookBack } from '../../src/app/sse/history.ts';
import type { Bus } from '../../src/bus/bus.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

interface Log {
  readonly cursor: string;
  readonly events: { id: string; channel: string; event: string; data: string; at: number }[];
  readonly gap: object[] | null;
}

async function read(app: TestApp, query: string): Promise<Log> {
  const { status, json } = await request(`${app.url}/events?${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json as Log;
}

function data({ events }: Log): string[] {
  return events.map((one) => one.data);
}

/** All that a reader gets who goes on from a cursor. */
async function goOn(app: TestApp, channels: string, cursor: string): Promise<string[]> {
  const ids: string[] = [];
  let since = cursor;
  while (true) {
    const page = await read(app, `channels=${channels}&limit=50&since=${since}`);
    assert.equal(page.gap, null);
    if (page.events.length === 0) return ids;
    ids.push(...page.events.map(({ id }) => id));
    since = page.cursor;
  }
}

describe('GET /events?last=', () => {
  let app: TestApp;
  let epoch: string;
  before(async () => {
    app = await startApp();
    for (let n = 1; n <= 12; n++) {
      const channel = n === 1 ? 'quiet' : n % 2 ? 'odd' : 'even';
      ({ epoch } = await app.store.bus.append({
        channel,
        name: 'tick',
        data: String(n),
        at: 1763668800123.456,
      }));
    }
  });
  after(() => app.stop());

  test('is the last of each channel, patterns too, in their order, and says from where to go on', async () => {
    const log = await read(app, 'channels=quiet,odd,ev*&last=2');
    assert.deepEqual(data(log), ['1', '9', '10', '11', '12']);
    assert.deepEqual(log.events[0], {
      id: `${epoch}-1`,
      channel: 'quiet',
      event: 'tick',
      data: '1',
      at: 1763668800123.456,
    });
    assert.equal(log.cursor, `${epoch}-12`);
    assert.equal(log.gap, null);
    assert.deepEqual(data(await read(app, 'channel=*&last=1000')).length, 12);
  });

  test('of more than the limit it is the newest', async () => {
    const log = await read(app, 'channel=*&last=5&limit=3');
    assert.deepEqual(data(log), ['10', '11', '12']);
    assert.equal(log.cursor, `${epoch}-12`);
  });

  test('of nothing it is nothing, with the present position', async () => {
    const nothing = { cursor: `${epoch}-12`, events: [], gap: null };
    assert.deepEqual(await read(app, 'channel=*&last=0'), nothing);
    assert.deepEqual(await read(app, 'channel=never&last=9'), nothing);
  });

  test('goes back page by page, to the beginning', async () => {
    const pages: string[][] = [];
    let before = '';
    while (true) {
      const log = await read(app, `channels=odd,even,quiet&last=5&limit=5${before}`);
      if (log.events.length === 0) {
        assert.equal(log.cursor, `${epoch}-0`);
        break;
      }
      pages.push(data(log));
      before = `&before=${log.events[0]?.id}`;
    }
    assert.deepEqual(pages, [
      ['8', '9', '10', '11', '12'],
      ['3', '4', '5', '6', '7'],
      ['1', '2'],
    ]);
  });

  test('with before: its cursor is where the reader already is', async () => {
    const log = await read(app, `channel=*&last=2&limit=2&before=${epoch}-6`);
    assert.deepEqual(data(log), ['4', '5']);
    assert.equal(log.cursor, `${epoch}-5`);
    assert.deepEqual(data(await read(app, `channel=*&since=${log.cursor}`)), [
      '6',
      '7',
      '8',
      '9',
      '10',
      '11',
      '12',
    ]);
    const future = await read(app, `channel=*&last=1&limit=1&before=${epoch}-99`);
    assert.deepEqual([data(future), future.cursor], [['12'], `${epoch}-12`]);
    assert.deepEqual(await read(app, `channel=*&last=1&before=${epoch}-0`), {
      cursor: `${epoch}-0`,
      events: [],
      gap: null,
    });
  });

  test('with a before of another store there is nothing to go back from', async () => {
    assert.deepEqual(await read(app, 'channel=*&last=3&before=zzzzzz-9'), {
      cursor: `${epoch}-0`,
      events: [],
      gap: [{ reason: 'epoch' }],
    });
  });

  for (const [query, error, field] of [
    ['last=1001', '"last" must be a whole number from 0 to 1000.', 'last'],
    ['last=-1', '"last" must be a whole number from 0 to 1000.', 'last'],
    ['last=x', '"last" must be a whole number from 0 to 1000.', 'last'],
    ['last=5&limit=0', '"limit" must be a whole number from 1 to 1000.', 'limit'],
    ['last=5&since=k3f9x2-1', '"last" looks back, "since" goes on from a cursor: send one of them.', 'since'],
    ['last=0&wait=5', '"last" looks back, "wait" goes on from a cursor: send one of them.', 'wait'],
    ['last=5&before=new', '"before" must be a cursor, as the id of an event: k3f9x2-42.', 'before'],
    ['before=k3f9x2-1', '"before" goes with "last" only.', 'before'],
  ]) {
    test(`400: ${query}`, async () => {
      const { status, json } = await request(`${app.url}/events?channel=a&${query}`);
      assert.deepEqual([status, json], [400, { error, field }]);
    });
  }

  test('is for who may read', async (t) => {
    const closed = await startApp({ ACCESS_RULES: 'allow read secret to a-token' });
    t.after(() => closed.stop());
    const { status } = await request(`${closed.url}/events?channel=secret&last=5`);
    assert.equal(status, 401);
    const answer = await request(`${closed.url}/events?channel=secret&last=5&access_token=a-token`);
    assert.equal(answer.status, 200);
  });
});

test('amid a change of stores it is refused, since it would be of both', async () => {
  const bus = {
    position: async () => ({ epoch: 'before', n: 9 }),
    latest: async () => ({ epoch: 'after', events: [] }),
  };
  await assert.rejects(lookBack(bus as unknown as Bus, { channels: ['a'], last: 5, limit: 5 }), {
    reason: 'away',
    message: 'The store has just become another one: ask again.',
  });
});

/** Somebody publishes all the time, while others look back and go on from there. */
async function amidPublishing(t: TestContext, app: TestApp, home: TestApp): Promise<void> {
  const { bus } = home.store;
  const channels = ['a', 'b', 'room-1', 'room-2'];
  let over = false;
  const published: string[] = [];
  const publishing = (async () => {
    for (let i = 0; !over && i < 960; i += 4) {
      const some = channels.map((channel) =>
        bus.append({ channel, name: 'message', data: String(i), at: 0 }),
      );
      for (const { epoch, n } of await Promise.all(some)) published.push(`${epoch}-${n}`);
      await new Promise((done) => setImmediate(done));
    }
  })();
  const asked: Log[] = [];
  for (let i = 0; i < 40; i++) asked.push(await read(app, 'channels=a,b,room-*&last=1000'));
  const [stream] = await Promise.all([
    Stream.open(`${app.url}/stream?channels=a,b,room-*&last_event_id=${asked.at(-1)?.cursor}`),
    read(app, 'channels=a,b,room-*&last=1000').then((log) => asked.push(log)),
  ]);
  t.after(() => stream.close());
  over = true;
  await publishing;
  const { epoch, n } = await bus.append({ channel: 'a', name: 'message', data: 'the last', at: 0 });
  published.push(`${epoch}-${n}`);
  const inOrder = published.sort((a, b) => numberIn(a) - numberIn(b));
  // Or else nothing was tested: they looked while there were some, and more came.
  assert.ok(asked.some(({ events }) => events.length > 0 && events.length < inOrder.length / 2));
  for (const log of asked) {
    const all = [...log.events.map(({ id }) => id), ...(await goOn(app, 'a,b,room-*', log.cursor))];
    assert.deepEqual(all, inOrder);
  }
  await stream.until('data: the last\n\n');
  const heard = [...stream.events.matchAll(/^id: (\S+)\ndata: /gm)].map(([, id]) => id);
  assert.deepEqual([...(asked.at(-2)?.events ?? []).map(({ id }) => id), ...heard], inOrder);
}

function numberIn(id: string): number {
  return Number(id.split('-')[1]);
}

describe('amid publishing nothing is lost and nothing comes twice', { timeout: 60_000 }, () => {
  test('in memory', async (t) => {
    const app = await startApp();
    t.after(() => app.stop());
    await amidPublishing(t, app, app);
  });

  test('on a real Redis, published by another process as far as Redis knows', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const [app, home] = await Promise.all([
      startApp({ REDIS_URL: redis.url }),
      startApp({ REDIS_URL: redis.url }),
    ]);
    t.after(() => Promise.all([app.stop(), home.stop()]));
    await Promise.all([ready(app.url), ready(home.url)]);
    await amidPublishing(t, app, home);
  });
});
