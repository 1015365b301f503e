import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
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
  const { events } = (await request(`${app.url}/events?channel=${channel}`)).json as { events: Kept[] };
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
