import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Answer, post, request } from '../support/request.ts';

/** Every error is one sentence, in JSON, with the field that it is about. */
function assertRefusal(answer: Answer, status: number, error: RegExp, field?: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  const said = answer.json as { error: string; field?: string };
  assert.match(said.error, error);
  assert.match(said.error, /[.:)a-z0-9-]$/);
  assert.equal(said.field, field);
}

describe('bad input', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp({ MAX_STREAM_CHANNELS: '3' }, { mock: true });
  });
  after(() => app.stop());

  test('unknown path', async () => {
    assertRefusal(await request(`${app.url}/nothing`), 404, /nothing at \/nothing/);
    assertRefusal(await request(`${app.url}/assets/../package.json`), 404, /nothing|no /);
    assertRefusal(await request(`${app.url}/Stream`), 404, /nothing/);
  });

  test('wrong method', async () => {
    for (const [method, path] of [
      ['DELETE', '/stream'],
      ['POST', '/stream'],
      ['PUT', '/events'],
      ['GET', '/publish'],
    ]) {
      const answer = await request(app.url + path, { method });
      assertRefusal(answer, 405, /does not take/);
      assert.ok(answer.headers.allow, 'says which methods it takes');
    }
  });

  test('body too large', async () => {
    assertRefusal(
      await post(`${app.url}/events`, { channel: 'a', data: 'x'.repeat(65_537) }),
      413,
      /64 KiB/,
      'data',
    );
    assert.equal((await post(`${app.url}/events`, { channel: 'a', data: 'x'.repeat(65_536) })).status, 201);
    assertRefusal(await post(`${app.url}/events`, 'x'.repeat(9_000_000)), 413, /too large/);
    const form = { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
    assertRefusal(
      await request(`${app.url}/publish`, { ...form, body: `channel=a&message=${'x'.repeat(65_537)}` }),
      413,
      /64 KiB/,
      'message',
    );
    assertRefusal(
      await request(`${app.url}/publish`, { ...form, body: `channel=a&message=${'x'.repeat(300_000)}` }),
      413,
      /too large/,
    );
  });

  test('bad JSON', async () => {
    for (const body of ['{', 'nothing', '"text"'])
      assertRefusal(await post(`${app.url}/events`, body), 400, /JSON/);
    assertRefusal(await post(`${app.url}/pins/button`, '[]'), 400, /JSON object/);
  });

  test('missing and wrong fields', async () => {
    const cases: [object, RegExp, string][] = [
      [{ data: 'x' }, /channel/, 'channel'],
      [{ channel: 'a' }, /"data" is missing/, 'data'],
      [{ channel: 7, data: 'x' }, /text/, 'channel'],
      [{ channel: 'a', data: 'x', event: 7 }, /"event" must be a text/, 'event'],
      [{ channel: 'a', data: 'x', event: '' }, /empty/, 'event'],
      [{ channel: 'a', data: 'x', event: 'a\nb' }, /control characters/, 'event'],
      [{ channel: 'a', data: 'x', event: 'pinstream' }, /choose another/, 'event'],
      [{ channel: 'a', data: 'x', event: 'open' }, /choose another/, 'event'],
      [{ channel: 'a', data: 'x', event: 'error' }, /choose another/, 'event'],
      [{ channel: 'a', data: 'x', key: '' }, /idempotency key/, 'key'],
    ];
    for (const [body, error, field] of cases)
      assertRefusal(await post(`${app.url}/events`, body), 400, error, field);
    for (const [body, field] of [
      ['message=x', 'channel'],
      ['channel=a', 'message'],
    ] as const) {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      assertRefusal(
        await request(`${app.url}/publish`, { method: 'POST', headers, body }),
        400,
        /is missing/,
        field,
      );
    }
    assertRefusal(await request(`${app.url}/events`), 400, /which channel/, 'channel');
    assertRefusal(await request(`${app.url}/sse/`), 400, /which channels/, 'channels');
  });

  test('wrong content type', async () => {
    const body = '{"channel":"a","data":"x"}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      const asked = { method: 'POST', headers: { 'Content-Type': type }, body };
      assertRefusal(await request(`${app.url}/events`, asked), 415, /application\/json/);
      assertRefusal(await request(`${app.url}/pins/button`, asked), 415, /application\/json/);
    }
    assertRefusal(await post(`${app.url}/publish`, {}), 415, /x-www-form-urlencoded/);
  });

  test('foreign Origin', async () => {
    const event = { channel: 'a', data: 'x' };
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:1`]) {
      assertRefusal(await post(`${app.url}/events`, event, { Origin: origin }), 403, /CORS_ORIGINS/);
    }
    assert.equal((await post(`${app.url}/events`, event, { Origin: app.url })).status, 201);
    assert.equal(
      (await request(`${app.url}/pins`, { headers: { Origin: 'http://evil.example' } })).status,
      200,
    );
  });

  test('foreign Host', async () => {
    for (const host of ['evil.example', 'evil.example:80', 'local.evil.example', '127.0.0.1.evil.example']) {
      assertRefusal(await request(`${app.url}/pins`, { headers: { Host: host } }), 421, /ALLOWED_HOSTS/);
    }
    for (const host of [
      'localhost',
      'raspberrypi',
      'raspberrypi.local:8080',
      '192.168.1.7',
      '[::1]:8080',
      'LOCALHOST',
    ]) {
      assert.equal((await request(`${app.url}/pins`, { headers: { Host: host } })).status, 200, host);
    }
  });

  test('a Host that is no address, and none at all', async () => {
    for (const ask of ['GET /pins HTTP/1.0\r\n\r\n', 'GET /stream HTTP/1.0\r\nX-Requested-With: x\r\n\r\n']) {
      const socket = connect(app.port, '127.0.0.1');
      socket.write(ask);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      assert.match(bytes.toString(), /^HTTP\/1\.1 200 OK/);
      socket.destroy();
    }
    assert.equal((await request(`${app.url}/stream?channel=%01`, { headers: { Host: 'a%zz' } })).status, 400);
  });

  test('data that is nested too deeply', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const answer = await post(
      `${app.url}/events`,
      `[{"channel":"a","data":"x"},{"channel":"a","data":${deep}}]`,
    );
    assert.equal(answer.status, 207);
    assert.match(answer.text, /nested too deeply/);
  });

  test('invalid channels', async () => {
    for (const channel of ['', 'a\nb', '__x', 'pinstream:x', 'x'.repeat(201), 'room-*']) {
      assertRefusal(
        await post(`${app.url}/events`, { channel, data: 'x' }),
        400,
        /channel|Channels/i,
        'channel',
      );
    }
    for (const name of ['%00', '__x', 'pinstream:x', 'x'.repeat(201)]) {
      assertRefusal(await request(`${app.url}/stream?channel=${name}`), 400, /channel|Channels/i, 'channel');
      assertRefusal(await request(`${app.url}/sse/?channels=${name}`), 400, /channel|Channels/i, 'channels');
      assertRefusal(await request(`${app.url}/events?channel=${name}`), 400, /channel|Channels/i, 'channel');
    }
  });

  test('invalid cursor, limit, wait and last', async () => {
    assertRefusal(await request(`${app.url}/events?channel=a&since=nonsense`), 400, /cursor/, 'since');
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'wait=61', 'wait=-1']) {
      assertRefusal(
        await request(`${app.url}/events?channel=a&${query}`),
        400,
        /whole number/,
        query.split('=')[0],
      );
    }
    assertRefusal(await request(`${app.url}/stream?last=x`), 400, /whole number/, 'last');
  });

  test('too many channels', async () => {
    assertRefusal(await request(`${app.url}/stream?channels=a,b,c,d`), 400, /at most 3/, 'channel');
  });

  test('too many events at once, and each answered by itself', async () => {
    const event = { channel: 'a', data: 'x' };
    assertRefusal(await post(`${app.url}/events`, []), 400, /1 to 100/);
    assertRefusal(await post(`${app.url}/events`, Array(101).fill(event)), 400, /1 to 100/);
    const answer = await post(`${app.url}/events`, [event, { channel: 'a' }, event]);
    assert.equal(answer.status, 207);
    const [first, second, third] = answer.json as {
      id?: string;
      status?: number;
      error?: string;
      field?: string;
    }[];
    assert.match(first?.id ?? '', /^[0-9a-z]{6}-\d+$/);
    assert.deepEqual(second, { status: 400, error: 'Say what: "data" is missing.', field: 'data' });
    assert.match(third?.id ?? '', /^[0-9a-z]{6}-\d+$/);
  });

  test('the channels of the hardware', async () => {
    for (const channel of ['device', 'button']) {
      assertRefusal(await post(`${app.url}/events`, { channel, data: 'x' }), 403, /sidecar/, 'channel');
      const asked = {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `channel=${channel}&message=x`,
      };
      assertRefusal(await request(`${app.url}/publish`, asked), 403, /sidecar/, 'channel');
    }
  });

  test('pins', async () => {
    assertRefusal(await post(`${app.url}/pins/nothing`, { press: 10 }), 404, /nothing/);
    assertRefusal(await post(`${app.url}/pins/button`, { value: 1 }), 409, /button/);
    for (const body of [
      {},
      { press: 0 },
      { press: '10' },
      { press: 1.5 },
      { value: 2 },
      { press: 1, value: 1 },
    ]) {
      assert.equal((await post(`${app.url}/pins/button`, body)).status, 400);
    }
  });
});

describe('who may publish', () => {
  const event = { channel: 'a', data: 'x' };

  test('no key, a wrong key, the right key', async () => {
    const app = await startApp({ PUBLISH_OPEN: '0', PUBLISH_KEY: 's3cret' });
    try {
      const none = await post(`${app.url}/events`, event);
      assertRefusal(none, 401, /needs the key/);
      assert.equal(none.headers['www-authenticate'], 'Bearer');
      assertRefusal(
        await post(`${app.url}/events`, event, { Authorization: 'Bearer wrong' }),
        401,
        /not the publish key/,
      );
      assertRefusal(await post(`${app.url}/pins/button`, { press: 10 }), 401, /needs the key/);
      assert.equal((await post(`${app.url}/events`, event, { Authorization: 'Bearer s3cret' })).status, 201);
      const form = (body: string) =>
        request(`${app.url}/publish`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
          body,
        });
      assertRefusal(await form('channel=a&message=x'), 401, /needs the key/);
      assertRefusal(await form('channel=a&message=x&key=wrong'), 401, /not the publish key/);
      assert.equal((await form('channel=a&message=x&key=s3cret')).text, '{"status":"ok"}');
    } finally {
      await app.stop();
    }
  });

  test('a key that is made at the first start, and shown once', async () => {
    const shown: string[] = [];
    const first = await startApp({ PUBLISH_OPEN: '0' }, { keyMade: (key) => shown.push(key) });
    assert.equal(shown.length, 1);
    assert.match(shown[0] ?? '', /^[\w-]{24}$/);
    assert.equal(
      (await post(`${first.url}/events`, event, { Authorization: `Bearer ${shown[0]}` })).status,
      201,
    );
    await first.stop();
    const second = await startApp(
      { PUBLISH_OPEN: '0' },
      { store: first.store, keyMade: (key) => shown.push(key) },
    );
    assert.equal(
      (await post(`${second.url}/events`, event, { Authorization: `Bearer ${shown[0]}` })).status,
      201,
    );
    assert.equal(shown.length, 1);
    await second.stop();
  });

  test('rules, for reading and for writing', async () => {
    const rules = 'allow read secret-* to reader; allow write room-* to writer; allow write lobby to anyone';
    const app = await startApp({ PUBLISH_OPEN: '0', PUBLISH_KEY: 'owner', ACCESS_RULES: rules });
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    const read = async (query: string, token?: string) =>
      (await request(`${app.url}/events?${query}`, token ? { headers: bearer(token) } : {})).status;
    const write = async (channel: string, token?: string) =>
      (await post(`${app.url}/events`, { channel, data: 'x' }, token ? bearer(token) : {})).status;
    try {
      assert.deepEqual([await read('channel=a'), await read('channel=room-*')], [200, 200]);
      assert.deepEqual(
        [await read('channel=secret-1'), await read('channel=*'), await read('channel=s*1')],
        [401, 401, 401],
      );
      assert.deepEqual(
        [await read('channel=secret-1', 'writer'), await read('channel=*', 'writer')],
        [403, 403],
      );
      assert.deepEqual(
        [await read('channel=secret-1', 'reader'), await read('channel=*', 'reader')],
        [200, 200],
      );
      assert.equal(await read('channel=secret-1', 'owner'), 200);
      assert.equal(await read('channel=secret-1&access_token=reader'), 200);
      assert.deepEqual([await write('lobby'), await write('room-1'), await write('a')], [201, 401, 401]);
      assert.deepEqual(
        [await write('room-1', 'writer'), await write('a', 'writer'), await write('a', 'owner')],
        [201, 403, 201],
      );
      assert.equal((await request(`${app.url}/stream?channel=secret-1`)).status, 401);
      await post(`${app.url}/events`, { channel: 'secret-1', data: 'x' }, bearer('owner'));
      const names = async (token: string) =>
        (
          (await request(`${app.url}/channels`, { headers: bearer(token) })).json as {
            channels: { channel: string }[];
          }
        ).channels.map(({ channel }) => channel);
      assert.deepEqual(await names('writer'), ['a', 'lobby', 'room-1']);
      assert.deepEqual(await names('reader'), ['a', 'lobby', 'room-1', 'secret-1']);
    } finally {
      await app.stop();
    }
  });

  test('the device is read under the rules of its channel', async () => {
    const app = await startApp({ ACCESS_RULES: 'allow read device to reader' });
    assert.equal((await request(`${app.url}/pins`)).status, 401);
    assert.equal(
      (await request(`${app.url}/pins`, { headers: { Authorization: 'Bearer reader' } })).status,
      200,
    );
    await app.stop();
  });

  test('a hook of whoever embeds the app', async () => {
    const app = await startApp(
      {},
      {
        authorize: ({ headers }, right, channel) =>
          channel !== 'firehose' || headers['x-user'] === 'admin' || right === 'write',
      },
    );
    try {
      assertRefusal(await request(`${app.url}/stream?channel=firehose`), 403, /firehose/, 'channel');
      assert.equal(
        (await request(`${app.url}/events?channel=firehose`, { headers: { 'X-User': 'admin' } })).status,
        200,
      );
      assert.equal((await post(`${app.url}/events`, { channel: 'firehose', data: 'x' })).status, 201);
    } finally {
      await app.stop();
    }
  });
});

describe('CORS', () => {
  const paths = ['/pins', '/nothing', '/stream?channel=%01', '/sse/'];

  test('G15: on every answer, errors too, for the origins that are named', async () => {
    const app = await startApp({ CORS_ORIGINS: 'http://ok.example,http://also.example:3000' });
    try {
      for (const path of paths) {
        const { headers } = await request(app.url + path, { headers: { Origin: 'http://ok.example' } });
        assert.equal(headers['access-control-allow-origin'], 'http://ok.example', path);
        assert.equal(headers['access-control-allow-credentials'], 'true');
        assert.match(headers.vary ?? '', /Origin/);
        const foreign = await request(app.url + path, { headers: { Origin: 'http://evil.example' } });
        assert.equal(foreign.headers['access-control-allow-origin'], undefined);
      }
      assert.equal(
        (await post(`${app.url}/events`, { channel: 'a', data: 'x' }, { Origin: 'http://ok.example' }))
          .status,
        201,
      );
      const misdirected = await request(`${app.url}/pins`, {
        headers: { Origin: 'http://ok.example', Host: 'x.example' },
      });
      assert.equal(misdirected.headers['access-control-allow-origin'], 'http://ok.example');
    } finally {
      await app.stop();
    }
  });

  test('G8: the preflight of what EventSource polyfills send', async () => {
    const app = await startApp({ CORS_ORIGINS: '*' });
    try {
      const headers = {
        Origin: 'http://any.example',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'last-event-id',
      };
      const answer = await request(`${app.url}/stream`, { method: 'OPTIONS', headers });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.equal(answer.headers['access-control-allow-credentials'], undefined);
      assert.equal(
        answer.headers['access-control-allow-headers'],
        'Authorization, Cache-Control, Content-Type, Last-Event-ID, X-Requested-With',
      );
    } finally {
      await app.stop();
    }
  });

  test('not at all when a proxy owns it', async () => {
    const app = await startApp({ CORS_ORIGINS: '*', CORS_OWNER: 'proxy' });
    try {
      const { headers } = await request(`${app.url}/pins`, { headers: { Origin: 'http://any.example' } });
      assert.equal(headers['access-control-allow-origin'], undefined);
    } finally {
      await app.stop();
    }
  });
});
