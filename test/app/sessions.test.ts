import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { EventSource } from 'eventsource';
import { startApp, type TestApp } from '../support/app.ts';
import { Cutter } from '../support/cutter.ts';
import { eventually, ready } from '../support/ready.ts';
import { useRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { lastId, newSession, putChannels } from '../support/session.ts';
import { Stream } from '../support/stream.ts';

/** An app for one test. */
interface SessionApp extends TestApp {
  epoch: string;
  /** Publishes 1, 2, 3 … in all. */
  publish(...channels: string[]): Promise<void>;
  stream(path: string, headers?: Record<string, string>): Promise<Stream>;
}

async function appFor(t: TestContext, settings: Record<string, string> = {}): Promise<SessionApp> {
  const app = await startApp(settings);
  await ready(app.url);
  const { epoch } = await app.store.bus.position();
  const streams: Stream[] = [];
  t.after(async () => {
    for (const stream of streams) stream.close();
    await app.stop();
  });
  let n = 0;
  return {
    ...app,
    epoch,
    async publish(...channels) {
      for (const channel of channels) {
        n++;
        await app.store.bus.append({ channel, name: 'message', data: String(n), at: 0 });
      }
    },
    async stream(path, headers) {
      const stream = await Stream.open(app.url + path, headers);
      streams.push(stream);
      await stream.until('id: ');
      return stream;
    },
  };
}

/** The `message` data that a stream brought, in its order. */
function dataOf(stream: Stream): number[] {
  return [...stream.events.matchAll(/^data: (\d+)$/gm)].map(([, data]) => Number(data));
}

function saidChannels(stream: Stream): string[] {
  return [...stream.events.matchAll(/\{"type":"channels","channels":(.*)\}/g)].map(
    ([, list]) => list as string,
  );
}

/** The same on both stores. */
function changing(kind: string, settings: () => Record<string, string>): void {
  describe(`the channels of an open stream, with events kept in ${kind}`, () => {
    test('S5.5 are changed without a new EventSource: what was missed first, without ids, then all goes on', async (t) => {
      const app = await appFor(t, settings());
      const { epoch, publish } = app;
      const session = newSession();
      const stream = await app.stream(`/stream?channel=a&session=${session}`);
      await publish('b', 'a', 'b', 'c');
      await stream.until('data: 2\n\n');
      const answer = await putChannels(app.url, session, { channels: ['b', 'a'], since: `${epoch}-0` });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json, { channels: ['a', 'b'] });
      await stream.until('"channels",');
      await publish('b', 'a');
      await stream.until('data: 6\n\n');
      assert.equal(
        stream.events,
        `id: ${epoch}-2\ndata: 2\n\n` +
          'data: 1\n\n' +
          'data: 3\n\n' +
          `id: ${epoch}-4.1\nevent: pinstream\ndata: {"type":"channels","channels":["a","b"]}\n\n` +
          `id: ${epoch}-5\ndata: 5\n\n` +
          `id: ${epoch}-6\ndata: 6\n\n`,
      );
    });

    test('are changed in the dialects sse and envelope too', async (t) => {
      const app = await appFor(t, settings());
      const { epoch, publish } = app;
      const said: string[] = [];
      for (const path of ['/sse/?channels=a', '/stream?channel=a&envelope=1']) {
        const session = newSession();
        const stream = await app.stream(`${path}&session=${session}`);
        const n = (await app.store.bus.position()).n;
        await publish('b');
        await putChannels(app.url, session, { channels: ['b'], since: `${epoch}-${n}` });
        await stream.until(`${epoch}-${n + 1}.1\n`);
        await publish('b');
        await stream.until(`id: ${epoch}-${n + 2}\n`);
        said.push(stream.events.replaceAll(epoch, 'E'));
      }
      assert.equal(said[0], 'data: 1\n\nid: E-1.1\n\nid: E-2\ndata: 2\n\n');
      assert.equal(
        said[1]?.replace(/^id: E-4\n[\s\S]*/m, ''),
        'event: pinstream\ndata: {"type":"event","channel":"b","event":"message","data":"3","at":0,"id":"E-3"}\n\n' +
          'id: E-3.1\nevent: pinstream\ndata: {"type":"channels","channels":["b"]}\n\n',
      );
    });

    test('without since the added ones begin now, and of those that are left nothing comes any more', async (t) => {
      const app = await appFor(t, settings());
      const session = newSession();
      const stream = await app.stream(`/stream?channel=a&channel=b&session=${session}`);
      await app.publish('a', 'c', 'b');
      await stream.until('data: 3\n\n');
      assert.equal((await putChannels(app.url, session, { channels: ['b', 'c'] })).status, 200);
      await stream.until('"channels",');
      await app.publish('a', 'b', 'c', 'a', 'c');
      await stream.until('data: 8\n\n');
      assert.deepEqual(dataOf(stream), [1, 3, 5, 6, 8]);
    });

    test('are changed several times in a row: each event once, in order, and the last set holds', async (t) => {
      const app = await appFor(t, settings());
      const { epoch, publish } = app;
      const session = newSession();
      const stream = await app.stream(`/stream?channel=a&session=${session}`);
      await publish('b', 'c', 'd');
      const sets = ['ab', 'abc', 'abcd', 'acd', 'cd'].map((letters) => [...letters]);
      for (const channels of sets) {
        await publish('a');
        await putChannels(app.url, session, { channels, since: `${epoch}-0` });
      }
      await stream.until('"channels":["c","d"]');
      await publish('a', 'b', 'c', 'd');
      await stream.until('data: 12\n\n');
      const heard = dataOf(stream);
      const withId = [...stream.events.matchAll(/^id: \S+-\d+\ndata: (\d+)$/gm)].map(([, n]) => Number(n));
      assert.deepEqual(
        withId,
        withId.toSorted((x, y) => x - y),
      );
      assert.equal(new Set(heard).size, heard.length);
      // b may have come and gone before the stream came to it.
      assert.deepEqual(
        heard.filter((n) => n !== 1).sort((x, y) => x - y),
        [2, 3, 4, 5, 6, 7, 11, 12].concat(heard.includes(8) ? [8] : []).sort((x, y) => x - y),
      );
      assert.equal(saidChannels(stream).at(-1), '["c","d"]');
    });

    test('a change that is carried out late, after a newer one, is not made', async (t) => {
      const app = await appFor(t, settings());
      const session = newSession();
      const stream = await app.stream(`/stream?channel=a&session=${session}`);
      const change = async (count: number, ...channels: string[]) => {
        const { status, text } = await putChannels(app.url, session, { channels, change: count });
        return [status, JSON.parse(text)];
      };
      assert.deepEqual(await change(1, 'a', 'b'), [200, { channels: ['a', 'b'] }]);
      assert.deepEqual(await change(3, 'a', 'c'), [200, { channels: ['a', 'c'] }]);
      assert.deepEqual(await change(1, 'a', 'b'), [200, { channels: ['a', 'c'] }]);
      assert.deepEqual(await change(3, 'a', 'c'), [200, { channels: ['a', 'c'] }]);
      // The same set, but newer: what comes late after it is late too.
      assert.deepEqual(await change(5, 'a', 'c'), [200, { channels: ['a', 'c'] }]);
      assert.deepEqual(await change(4, 'a', 'd'), [200, { channels: ['a', 'c'] }]);
      await stream.until('"channels":["a","c"]');
      assert.equal((await putChannels(app.url, session, { channels: ['a'], change: 0 })).status, 400);
    });

    test('the same set again says nothing', async (t) => {
      const app = await appFor(t, settings());
      const session = newSession();
      const stream = await app.stream(`/stream?channel=a&channel=b&session=${session}`);
      assert.deepEqual((await putChannels(app.url, session, { channels: ['b', 'a', 'b'] })).json, {
        channels: ['a', 'b'],
      });
      await app.publish('a');
      await stream.until('data: 1\n\n');
      assert.equal(stream.events, `id: ${app.epoch}-1\ndata: 1\n\n`);
    });

    test('patterns: what was heard already, through a channel or a pattern, does not come again', async (t) => {
      const app = await appFor(t, settings());
      const { epoch, publish } = app;
      const session = newSession();
      const stream = await app.stream(`/stream?channel=room-1&session=${session}`);
      await publish('room-1', 'room-2', 'room-3', 'hall');
      await stream.until('data: 1\n\n');
      await putChannels(app.url, session, { channels: ['room-*'], since: `${epoch}-0` });
      await stream.until('["room-*"]');
      assert.deepEqual(dataOf(stream), [1, 2, 3]);
      await putChannels(app.url, session, { channels: ['room-*', 'room-2', 'hall'], since: `${epoch}-0` });
      await stream.until('"room-2"]');
      assert.deepEqual(dataOf(stream), [1, 2, 3, 4]);
      await putChannels(app.url, session, { channels: ['room-2'], since: `${epoch}-0` });
      await stream.until('["room-2"]');
      await publish('room-1', 'room-2', 'hall');
      await stream.until('data: 6\n\n');
      assert.deepEqual(dataOf(stream), [1, 2, 3, 4, 6]);
    });

    test('what was missed and is in no log any more is told, and so is a cursor of another store', async (t) => {
      const app = await appFor(t, { ...settings(), LOG_LENGTH: '2' });
      const { epoch, publish } = app;
      const session = newSession();
      const stream = await app.stream(`/stream?channel=a&session=${session}`);
      await publish('b', 'b', 'b', 'c');
      await putChannels(app.url, session, { channels: ['a', 'b'], since: `${epoch}-0` });
      await stream.until('["a","b"]');
      await putChannels(app.url, session, { channels: ['a', 'b', 'c'], since: 'zzzzzz-7' });
      await stream.until('["a","b","c"]');
      assert.equal(
        stream.events,
        `event: pinstream\ndata: {"type":"gap","channel":"b","until":"${epoch}-1","certain":true}\n\n` +
          'data: 2\n\ndata: 3\n\n' +
          `id: ${epoch}-4.1\nevent: pinstream\ndata: {"type":"channels","channels":["a","b"]}\n\n` +
          'event: pinstream\ndata: {"type":"gap","reason":"epoch"}\n\n' +
          'data: 4\n\n' +
          `id: ${epoch}-4.2\nevent: pinstream\ndata: {"type":"channels","channels":["a","b","c"]}\n\n`,
      );
    });

    test('are kept: the old address opens the new set, and what has come does not come again', async (t) => {
      const app = await appFor(t, { ...settings(), HEARTBEAT: '100ms' });
      const { epoch, publish } = app;
      const session = newSession();
      const path = `/stream?channel=a&session=${session}`;
      const stream = await app.stream(path);
      await publish('b', 'b');
      await putChannels(app.url, session, { channels: ['a', 'b'], since: `${epoch}-0` });
      await stream.until('"channels",');
      // Nothing was published since: only the revision in the ids tells that the reader has had what it missed.
      await stream.until(
        (text) => text.slice(text.indexOf('"channels",')).includes('"ping"') && text.endsWith('\n\n'),
      );
      stream.close();
      assert.equal(lastId(stream.text), `${epoch}-2.1`);
      const back = await app.stream(path, { 'Last-Event-ID': lastId(stream.text) });
      await back.until('"open"');
      assert.match(
        back.text,
        /^id: \w+-2\.1\nevent: pinstream\ndata: \{"type":"open",.*"channels":\["a","b"\]/m,
      );
      await publish('b');
      await back.until('data: 3\n\n');
      assert.deepEqual(dataOf(back), [3]);
      back.close();
      // Who has no cursor is new, and has missed nothing.
      const anew = await app.stream(path);
      await anew.until('"channels":["a","b"]');
      await publish('b');
      await anew.until('data: 4\n\n');
      assert.deepEqual(dataOf(anew), [4]);
    });

    test('a reader cut off before it has heard of the change gets all that it missed, then goes on', async (t) => {
      const app = await appFor(t, settings());
      const { epoch, publish } = app;
      const session = newSession();
      const path = `/stream?channel=a&session=${session}`;
      const stream = await app.stream(path);
      await publish('b', 'a', 'b', 'a');
      await stream.until('data: 4\n\n');
      stream.close();
      await publish('b', 'a');
      await putChannels(app.url, session, { channels: ['a', 'b'], since: `${epoch}-0` });
      // It had heard 2 only.
      const back = await app.stream(path, { 'Last-Event-ID': `${epoch}-2` });
      await back.until('data: 6\n\n');
      const owed = `data: 1\n\nid: ${epoch}-2.1\nevent: pinstream\ndata: {"type":"channels","channels":["a","b"]}\n\n`;
      const rest = [3, 4, 5, 6].map((n) => `id: ${epoch}-${n}\ndata: ${n}\n\n`).join('');
      assert.ok(back.events.startsWith(owed + rest), back.events);
      // Cut off once more, in between: the cursor says how far it had come.
      for (const [cursor, data] of [
        [`${epoch}-2`, [1, 3, 4, 5, 6]],
        [`${epoch}-2.1`, [3, 4, 5, 6]],
        [`${epoch}-3`, [4, 5, 6]],
      ] as const) {
        const again = await app.stream(path, { 'Last-Event-ID': cursor });
        await again.until('data: 6\n\n');
        assert.deepEqual(dataOf(again), data, cursor);
        again.close();
      }
    });

    test("a browser's EventSource that comes back by itself, to its old address, has each event once", async (t) => {
      const app = await appFor(t, settings());
      const { epoch, publish } = app;
      const cutter = await Cutter.start(app.port);
      t.after(() => cutter.stop());
      const session = newSession();
      const source = new EventSource(`${cutter.url}/stream?channel=a&session=${session}`);
      t.after(() => source.close());
      const heard: number[] = [];
      const said: string[] = [];
      let wake = () => {};
      source.onmessage = ({ data }) => {
        heard.push(Number(data));
        wake();
      };
      source.addEventListener('pinstream', ({ data }) => {
        said.push(data);
        wake();
      });
      const until = async (met: () => boolean) => {
        while (!met()) await new Promise<void>((done) => (wake = done));
      };
      await until(() => said.length === 1);
      await publish('a', 'b');
      await until(() => heard.length === 1);
      await putChannels(app.url, session, { channels: ['a', 'b'], since: `${epoch}-0` });
      await until(() => heard.length === 2);
      cutter.cut();
      await publish('a', 'b');
      await putChannels(app.url, session, { channels: ['a', 'b', 'c'] });
      await until(() => heard.length === 4);
      await publish('c', 'b');
      await until(() => heard.length === 6);
      assert.deepEqual(heard, [1, 2, 3, 4, 5, 6]);
      assert.match(said.at(-1) ?? '', /"channels":\["a","b","c"\]/);
    });
  });
}

changing('memory', () => ({}));

describe('in Redis', () => {
  const redis = useRedis();
  let db = 0;
  changing('Redis', () => ({ REDIS_URL: `${redis().url}/${db++}` }));
});

describe('who may change them', () => {
  const rules = 'allow read secret-* to t0ken; allow read other to 0ther';

  test('who may read each added channel: what the stream has already is not asked again', async (t) => {
    const app = await appFor(t, { ACCESS_RULES: rules });
    const session = newSession();
    const stream = await app.stream(`/stream?channel=a&session=${session}`);
    const put = async (channels: string[], headers = {}) =>
      (await putChannels(app.url, session, { channels }, headers)).status;
    assert.equal(await put(['a', 'secret-1']), 401);
    assert.equal(await put(['secret-*'], { Authorization: 'Bearer 0ther' }), 403);
    assert.equal(await put(['*'], { Authorization: 'Bearer t0ken' }), 403);
    assert.equal(await put(['a', 'secret-1'], { Authorization: 'Bearer t0ken' }), 200);
    await stream.until('["a","secret-1"]');
    assert.equal(await put(['secret-1', 'b']), 200);
    await stream.until('["b","secret-1"]');
    await app.publish('secret-1');
    await stream.until('data: 1\n\n');
    // The grant lasts as long as the session; the address itself is asked for as always.
    const back = await app.stream(`/stream?channel=a&session=${session}`);
    await back.until('"channels":["b","secret-1"]');
    assert.equal((await request(`${app.url}/stream?channel=secret-1&session=${session}`)).status, 401);
    stream.close();
  });

  test('not a page of another origin, unless it is allowed', async (t) => {
    const app = await appFor(t, { CORS_ORIGINS: 'https://friend.example' });
    const session = newSession();
    await app.stream(`/stream?channel=a&session=${session}`);
    const put = (Origin: string) => putChannels(app.url, session, { channels: ['b'] }, { Origin });
    const refused = await put('https://foe.example');
    assert.equal(refused.status, 403);
    assert.match((refused.json as { error: string }).error, /neither events nor a stream's channels/);
    const { status, headers } = await put('https://friend.example');
    assert.equal(status, 200);
    assert.equal(headers['access-control-allow-origin'], 'https://friend.example');
    const preflight = await request(`${app.url}/stream/${session}`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://friend.example', 'Access-Control-Request-Method': 'PUT' },
    });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers['access-control-allow-methods'] ?? '', /\bPUT\b/);
  });
});

describe('what is refused', () => {
  test('to owe ever more to a reader that is away; once it has heard that, it is allowed again', async (t) => {
    const app = await appFor(t, { MAX_STREAM_CHANNELS: '5' });
    const session = newSession();
    const path = `/stream?channel=a&session=${session}`;
    const stream = await app.stream(path);
    stream.close();
    const put = (i: number, more: object) => {
      const channels = Array.from({ length: 5 }, (_, k) => `*${i}-${k}*`);
      return putChannels(app.url, session, { channels, ...more });
    };
    const since = `${app.epoch}-0`;
    let last = await put(1, { since });
    for (let i = 2; i < 50 && last.status === 200; i++) last = await put(i, { since });
    assert.equal(last.status, 409);
    assert.match(
      (last.json as { error: string }).error,
      /^Too much was missed in this session: let its stream/,
    );
    assert.ok(((await app.store.sessions.read(session))?.text.length ?? 0) < 30_000);
    const back = await app.stream(path, { 'Last-Event-ID': since });
    await back.until('"channels",');
    await eventually('there is room again', async () => (await put(1, { since })).status === 200);
  });

  test('never what an open stream hears: its record stays small, however often it is changed', async (t) => {
    const app = await appFor(t);
    const session = newSession();
    const stream = await app.stream(`/stream?channel=a&session=${session}`);
    const since = `${app.epoch}-0`;
    for (let i = 1; i <= 120; i++) {
      const channels = [`*${i}*`, `*${i + 1}*`, `*${i + 2}*`, `*${i + 3}*`];
      assert.equal((await putChannels(app.url, session, { channels, since })).status, 200);
      await stream.until(`.${i}\nevent: pinstream`);
    }
    await eventually('it is settled', async () => {
      const { owed = [] } = (await app.store.sessions.read(session))?.record ?? {};
      return owed.length > 0 && owed.length <= 50;
    });
  });

  test('a session that nobody opened, with a word on what to do', async (t) => {
    const app = await appFor(t);
    for (const session of [newSession(), 'short', '%00']) {
      const answer = await putChannels(app.url, session, { channels: ['a'] });
      assert.equal(answer.status, 404);
      assert.deepEqual(answer.json, {
        error: 'There is no such session: open the stream with ?session= and this word first.',
      });
    }
    assert.equal((await request(`${app.url}/stream/${newSession()}`)).status, 405);
  });

  test('a word that others could find, when the stream is opened', async (t) => {
    const app = await appFor(t);
    const good = 'Aa0_-'.repeat(5);
    for (const word of ['', '1', good.slice(0, 21), `${good}!`, `${good}é`, 'x'.repeat(65), `${good}%0A`]) {
      for (const path of ['/stream?channel=a', '/sse/?channels=a']) {
        const answer = await request(`${app.url}${path}&session=${word}`);
        assert.equal(answer.status, 400, word);
        assert.match(
          (answer.json as { error: string }).error,
          /^A session is a random word of 22 to 64 characters/,
        );
        assert.equal((answer.json as { field: string }).field, 'session');
      }
    }
    for (const word of [good.slice(0, 22), 'x'.repeat(64)]) {
      const stream = await app.stream(`/stream?channel=a&session=${word}`);
      assert.equal(stream.status, 200);
    }
  });

  test('what is no set of channels, and changes nothing', async (t) => {
    const app = await appFor(t, { MAX_STREAM_CHANNELS: '3' });
    const session = newSession();
    const stream = await app.stream(`/stream?channel=a&session=${session}`);
    const many = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name}${i}`);
    for (const [body, field, error] of [
      [{}, 'channels', /as a list/],
      [{ channels: [] }, 'channels', /as a list/],
      [{ channels: 'a' }, 'channels', /as a list/],
      [{ channels: ['a', 7] }, 'channels', /as a list/],
      [{ channels: [''] }, 'channels', /needs a name/],
      [{ channels: ['pinstream:x'] }, 'channels', /for Pinstream itself/],
      [{ channels: ['*****'] }, 'channels', /at most 4/],
      [{ channels: many(4, 'a') }, 'channels', /at most 3 channels/],
      [{ channels: ['b'], since: 'yesterday' }, 'since', /must be a cursor/],
      [{ channels: ['b'], since: 7 }, 'since', /must be a cursor/],
      [['a'], undefined, /JSON object/],
      ['{', undefined, /not valid JSON/],
    ] as const) {
      const answer = await putChannels(app.url, session, body);
      const said = answer.json as { error: string; field?: string };
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.match(said.error, error);
      assert.equal(said.field, field);
    }
    const text = await putChannels(app.url, session, 'x', { 'Content-Type': 'text/plain' });
    assert.equal(text.status, 415);
    await app.publish('a');
    await stream.until('data: 1\n\n');
    assert.equal(stream.events, `id: ${app.epoch}-1\ndata: 1\n\n`);
  });

  test('more than ten patterns', async (t) => {
    const app = await appFor(t);
    const session = newSession();
    await app.stream(`/stream?channel=a&session=${session}`);
    const channels = Array.from({ length: 11 }, (_, i) => `${i}-*`);
    assert.equal((await putChannels(app.url, session, { channels })).status, 400);
    assert.equal((await putChannels(app.url, session, { channels: channels.slice(1) })).status, 200);
  });
});

test('a session is in no log and in no listing, whatever happens', async (t) => {
  const lines: string[] = [];
  const keep = (fields: object, message: string) => void lines.push(JSON.stringify({ fields, message }));
  const app = await startApp(
    {},
    {
      log: { debug: keep, info: keep, warn: keep, error: keep },
      authorize: (_request, _right, channel) => {
        if (channel === 'broken') throw new Error('The hook has a mistake.');
        return true;
      },
    },
  );
  t.after(() => app.stop());
  const session = newSession();
  const stream = await Stream.open(`${app.url}/stream?channel=a&session=${session}`);
  await stream.until('"open"');
  assert.equal((await putChannels(app.url, session, { channels: ['broken'] })).status, 500);
  assert.equal((await putChannels(app.url, session, { channels: ['b'] })).status, 200);
  await stream.until('"channels",');
  const listed = await Promise.all(
    ['/channels', '/stats', '/metrics', '/pins', '/events?channel=*'].map((path) => request(app.url + path)),
  );
  await post(`${app.url}/events`, { channel: 'b', data: 'x' });
  stream.close();
  assert.ok(
    lines.some((line) => line.includes('"path":"/stream/-"')),
    lines.join('\n'),
  );
  for (const text of [...lines, ...listed.map(({ text: body }) => body)])
    assert.ok(!text.includes(session), text);
});
