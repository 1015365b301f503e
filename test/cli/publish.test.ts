import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { AnswerThief } from '../support/answerThief.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
import { startOddApp } from '../support/oddApp.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';
import { Command, run } from './command.ts';

interface Kept {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** What a channel's log holds. */
async function kept(app: TestApp, channel: string): Promise<Kept[]> {
  const { events } = (await request(`${app.url}/events?channel=${channel}&limit=1000`)).json as {
    events: Kept[];
  };
  return events.map(({ id, event, data }) => ({ id, event, data }));
}

describe('pinstream publish, through a running app', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp({ PUBLISH_OPEN: '0', PUBLISH_KEY: 'k3y' });
  });
  after(() => app.stop());

  test('keeps a text and prints its id', async () => {
    const env = { PUBLISH_KEY: 'k3y' };
    const { code, output, errors } = await run(
      ['publish', 'base', 'a "b"\nc', '--event', 'press', '--url', `${app.url}/`],
      { env },
    );
    const [event] = await kept(app, 'base');
    assert.deepEqual(event, { id: output.trim(), event: 'press', data: 'a "b"\nc' });
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
  });

  test('keeps each line of the standard input, in their order', async () => {
    const input = 'one\n\n[1, 2, 3]\r\nfour';
    const { code, output } = await run(['publish', 'lines', '--publish-key', 'k3y', '--url', app.url], {
      input,
    });
    const events = await kept(app, 'lines');
    assert.deepEqual(
      events.map(({ data }) => data),
      ['one', '', '[1, 2, 3]', 'four'],
    );
    assert.equal(output, `${events.map(({ id }) => id).join('\n')}\n`);
    assert.equal(code, 0);
  });

  test('says what to do when the app refuses', async () => {
    const { code, output, errors } = await run(['publish', 'base', 'a', '--url', app.url]);
    assert.deepEqual({ code, output }, { code: 1, output: '' });
    assert.equal(
      errors,
      'Publishing needs the key: send it as "Authorization: Bearer KEY". The app printed it at its first start. Set PUBLISH_KEY to it.\n',
    );
  });

  test('ends quietly when nobody reads what it prints', async () => {
    const input = 'a\n'.repeat(1_000);
    const command = new Command(['publish', 'many', '--publish-key', 'k3y', '--url', app.url], { input });
    await command.until(/\n/);
    command.stopReading();
    const { code, errors } = await command.ended();
    assert.deepEqual({ code, errors }, { code: 141, errors: '' });
  });
});

test('pinstream publish with nobody there gives up and says so', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  assert.deepEqual(await run(['publish', 'base', 'a', '--wait', '300ms', '--url', url]), {
    code: 1,
    output: '',
    errors: `Nobody answers at ${url}. Is Pinstream running there? Say where with --url, or set REDIS_URL.\n`,
  });
  const env = { REDIS_URL: `redis://127.0.0.1:${port}` };
  assert.deepEqual(await run(['publish', 'base', 'a', '--wait', '600ms'], { env }), {
    code: 1,
    output: '',
    errors: `Given up after 0.6 s: Redis at 127.0.0.1:${port} cannot be reached: nothing listens there. Is it running?\n`,
  });
});

test('pinstream publish into a Redis reaches the streams of an app there, and needs none', async (t) => {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  const env = { REDIS_URL: redis.url };
  const first = await run(['publish', 'base', 'before'], { env });
  const app = await startApp(env);
  t.after(() => app.stop());
  await ready(app.url);
  const stream = await Stream.open(`${app.url}/stream?channel=base&last=1`);
  const lines = { env, input: 'now\nand now' };
  const { code, output, errors } = await run(['publish', 'base', '--event', 'tick'], lines);
  await stream.until('and now\n\n');
  stream.close();
  assert.deepEqual({ code, errors }, { code: 0, errors: '' });
  const [second, third] = output.split('\n');
  assert.equal(
    stream.events.replace(/^id: \S+\n\n/gm, ''),
    `id: ${first.output}data: before\n\n` +
      `id: ${second}\nevent: tick\ndata: now\n\nid: ${third}\nevent: tick\ndata: and now\n\n`,
  );
});

/** So many lines, and what the log of their channel then holds. */
function numbered(count: number): { input: string; data: string[] } {
  const data = Array.from({ length: count }, (_, i) => `line ${i + 1}`);
  return { input: `${data.join('\n')}\n`, data };
}

describe('pinstream publish, through an outage', () => {
  let redis: TestRedis;
  let app: TestApp;
  before(async () => {
    redis = await TestRedis.start({ options: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    app = await startApp({ REDIS_URL: redis.url });
    await ready(app.url);
  });
  after(async () => {
    await app.stop();
    await redis.stop();
  });

  const doors = {
    app: { to: () => app.port, args: (port: number) => ['--url', `http://127.0.0.1:${port}`] },
    Redis: { to: () => redis.port, args: (port: number) => ['--redis-url', `redis://127.0.0.1:${port}`] },
  };
  for (const [door, { to, args }] of Object.entries(doors)) {
    test(`keeps each line once whose answer got lost, in order (${door})`, async (t) => {
      const thief = await AnswerThief.start(to());
      t.after(() => thief.stop());
      const channel = `lost-${door}`;
      const { input, data } = numbered(250);
      const command = new Command(['publish', channel, ...args(thief.port)], { input, more: true });
      await command.until(/^(?:.*\n){250}/); // each with its id
      for (const more of ['once more', 'and again']) {
        const stolen = thief.steal();
        command.write(`${more}\n`);
        data.push(more);
        await stolen;
        await command.until(new RegExp(`^(?:.*\\n){${data.length}}`));
      }
      command.write();
      const { code, output, errors } = await command.ended();
      const events = await kept(app, channel);
      assert.deepEqual(
        events.map((event) => event.data),
        data,
      );
      assert.equal(output, events.map(({ id }) => `${id}\n`).join(''));
      assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    });

    test(`waits for what is away, and then keeps every line in order (${door})`, async (t) => {
      const thief = await AnswerThief.start(to());
      t.after(() => thief.stop());
      const channel = `away-${door}`;
      const { input, data } = numbered(500);
      await redis.kill();
      const command = new Command(['publish', channel, '--wait', '1m', ...args(thief.port)], { input });
      await thief.connected();
      await redis.up();
      assert.equal((await command.ended()).code, 0);
      await ready(app.url); // it may come back later than the command
      assert.deepEqual(
        (await kept(app, channel)).map((event) => event.data),
        data,
      );
    });
  }

  const late = {
    app: {
      args: (port: number) => ['--url', `http://127.0.0.1:${port}`],
      why: 'Nobody answers at http://127.0.0.1:PORT. Is Pinstream running there? Say where with --url, or set REDIS_URL.',
      start: (port: number) => startApp({ PORT: String(port) }),
    },
    Redis: {
      args: (port: number) => ['--redis-url', `redis://127.0.0.1:${port}`],
      why: 'Given up after 0.6 s: Redis at 127.0.0.1:PORT cannot be reached: nothing listens there. Is it running?',
      start: (port: number) => TestRedis.start({ port }),
    },
  };
  for (const [door, { args, why, start }] of Object.entries(late)) {
    test(`gives up what waited too long, says which lines, and goes on as soon as it can (${door})`, async (t) => {
      const port = await freePort();
      const input = '1\n2\n3\n';
      const command = new Command(['publish', 'later', '--wait', '600ms', ...args(port)], {
        input,
        more: true,
      });
      await command.until(/Line 1: .*\n/);
      const there = await start(port);
      t.after(() => there.stop());
      // Each is tried once: one that comes too early is given up too.
      let line = 3;
      const more = setInterval(() => command.write(`${++line}\n`), 100);
      const [, from] = await command.until(/Going on with line (\d+)\./);
      clearInterval(more);
      command.write();
      const { code, output, errors } = await command.ended();
      assert.equal(code, 1);
      const lost = Number(from) - 1;
      assert.equal(output.split('\n').length - 1, line - lost);
      assert.equal(
        errors.replaceAll(String(port), 'PORT'),
        `Line 1: ${why}\nLines 1 to ${lost} were not published. Going on with line ${from}.\n` +
          `${lost} of ${line} lines were not published.\n`,
      );
    });
  }

  test('comes to the end of a long input though nobody answers, and says so in a few lines', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { input } = numbered(60_000);
    const { code, output, errors } = await run(['publish', 'a', '--wait', '300ms', '--url', url], { input });
    assert.deepEqual({ code, output }, { code: 1, output: '' });
    assert.match(
      errors,
      /^Line 1: Nobody answers .*\nLines 1 to 60000 were not published\.\n60000 of 60000 lines were not published\.\n$/,
    );
  });

  test('passes over a line that can be no event, and publishes the others', async () => {
    const input = `a\n${'b'.repeat(70_000)}\n${'c'.repeat(3_000_000)}\nd`;
    const { code, errors } = await run(['publish', 'some', '--url', app.url], { input });
    assert.deepEqual(
      (await kept(app, 'some')).map(({ data }) => data),
      ['a', 'd'],
    );
    assert.equal(code, 1);
    assert.equal(
      errors,
      'Line 2: The data of an event has at most 64 KiB in UTF-8: send a link to what is larger.\n' +
        'Lines 2 to 3 were not published. Going on with line 4.\n2 of 4 lines were not published.\n',
    );
  });

  test('sends at most a hundred lines at once, and half a MiB; U+2028 ends no line', async (t) => {
    const bodies: string[] = [];
    const server = createHttpServer(async (asked, answer) => {
      let body = '';
      for await (const part of asked.setEncoding('utf8')) body += part;
      bodies.push(body);
      const items = (JSON.parse(body) as object[]).map((_, i) => ({ id: `k3f9x2-${i}`, streams: 0 }));
      answer.writeHead(201).end(JSON.stringify(items));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const large = Array.from({ length: 15 }, (_, i) => `${i}\u2028`.padEnd(50_000, '\u0001')); // six bytes each
    const data = [...large, ...numbered(1_000).data];
    const { code, errors } = await run(['publish', 'a', '--url', url], { input: data.join('\r\n') });
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    const items = bodies.map((body) => JSON.parse(body) as { data: string }[]);
    assert.ok(items.flat().every((item, i) => item.data === data[i]));
    assert.equal(items.flat().length, data.length);
    assert.equal(Math.max(...items.map(({ length }) => length)), 100);
    assert.ok(Math.max(...bodies.map(({ length }) => length)) < 530_000);
  });

  test('waits where a proxy in front of the app wants fewer requests', async (t) => {
    let asked = 0;
    const proxy = await startOddApp((_, response) => {
      asked += 1;
      if (asked === 1)
        response.writeHead(429, { 'Retry-After': '1' }).end('{"error":"Too many requests."}\n');
      else response.writeHead(201).end('[{"id":"e-1"}]');
    });
    t.after(() => proxy.stop());
    const { code, output, errors } = await run([
      'publish',
      'lines',
      'one',
      '--url',
      `http://${proxy.address}`,
    ]);
    assert.deepEqual({ code, output, errors }, { code: 0, output: 'e-1\n', errors: '' });
  });

  test('stops at what every line would be refused for', async () => {
    const { code, errors } = await run(['publish', 'device', '--redis-url', redis.url], { input: 'a\nb\n' });
    assert.equal(code, 1);
    assert.match(
      errors,
      /^Line 1 and those after it were not published\.\n"device" belongs to the hardware: .*\n$/,
    );
  });

  test('ends at once at Ctrl-C, and says what may be lost', async (t) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const cases: [args: string[], input: string | undefined, said: string][] = [
      [['a', 'x'], undefined, 'SIGINT: this may not have been published.\n'],
      [['a'], 'x\ny\n', 'SIGINT: line 1 and those after it may not have been published.\n'],
    ];
    for (const [args, input, said] of cases) {
      const command = new Command(['publish', ...args, '--wait', '1h', '--url', url], {
        ...(input === undefined ? {} : { input, more: true }),
      });
      const [socket] = await once(silent, 'connection');
      await once(socket, 'data');
      command.signal('SIGINT');
      const { code, output, errors } = await command.ended();
      socket.destroy();
      assert.deepEqual({ code, output, errors }, { code: 130, output: '', errors: said });
    }
  });

  test('says when somebody else answers', async (t) => {
    const other = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi'));
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    assert.deepEqual(await run(['publish', 'a', 'x', '--url', url]), {
      code: 1,
      output: '',
      errors: 'What answers there is not Pinstream: say where it is with --url.\n',
    });
  });
});
