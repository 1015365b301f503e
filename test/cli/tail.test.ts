import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectPublisher } from '../../src/index.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { startApp } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post } from '../support/request.ts';
import { Command, run } from './command.ts';

/** Waits until an app has a stream: what is published from then on is heard. */
async function heardBy(url: string, channel: string): Promise<void> {
  for (;;) {
    const { streams } = (await post(`${url}/events`, { channel, data: 'anybody?' })).json as {
      streams: number;
    };
    if (streams > 0) return;
  }
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) {2}/gm;

describe('pinstream tail', { concurrency: true }, () => {
  test('prints the last events and what comes', async (t) => {
    const app = await startApp();
    t.after(() => app.stop());
    await post(`${app.url}/events`, { channel: 'base', data: 'old' });
    await post(`${app.url}/events`, { channel: 'base', event: 'tick', data: 'two\nlines' });
    const command = new Command(['tail', 'base', 'room-*', '--last', '1', '--url', app.url]);
    t.after(() => command.stop());
    await command.until(/lines/);
    await post(`${app.url}/events`, { channel: 'other', data: 'not this' });
    await post(`${app.url}/events`, { channel: 'room-7', data: { door: 'open' } });
    await command.until(/room-7/);
    assert.equal(
      command.output.replace(LINE, ''),
      'base  tick  two\nlines\nroom-7  message  {"door":"open"}\n',
    );
  });

  test('prints one JSON object a line', async (t) => {
    const app = await startApp();
    t.after(() => app.stop());
    const answer = await post(`${app.url}/events`, { channel: 'base', data: 'a\nb' });
    const command = new Command(['tail', 'base', '--json', '--last', '9', '--url', app.url]);
    t.after(() => command.stop());
    await command.until(/\n/);
    const { at, ...said } = JSON.parse(command.output) as { at: number };
    assert.equal(typeof at, 'number');
    assert.deepEqual(said, {
      type: 'event',
      channel: 'base',
      event: 'message',
      data: 'a\nb',
      id: (answer.json as { id: string }).id,
    });
  });

  test('goes on after the app has restarted, with what came meanwhile', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const settings = { REDIS_URL: redis.url, PORT: String(await freePort()) };
    const publisher = await connectPublisher({ settings: readSettings(settings).settings });
    t.after(() => publisher.close());
    const app = await startApp(settings);
    await ready(app.url);
    const command = new Command(['tail', 'base', '--url', app.url]);
    t.after(() => command.stop());
    await heardBy(app.url, 'base');
    await command.until(/anybody/);
    await publisher.sendEvent('message', 'one', { channel: 'base' });
    await command.until(/one/);
    await app.stop();
    await publisher.sendEvent('message', 'two', { channel: 'base' });
    const again = await startApp(settings);
    t.after(() => again.stop());
    await command.until(/two/);
    await publisher.sendEvent('message', 'three', { channel: 'base' });
    await command.until(/three/);
    assert.equal(
      command.output.replace(LINE, '').replaceAll('base  message  anybody?\n', ''),
      'base  message  one\nbase  message  two\nbase  message  three\n',
    );
    assert.equal(command.errors, '');
  });

  test('says that the store is a new one when the app had it in memory; waits for an app that is not there', async (t) => {
    const port = String(await freePort());
    const command = new Command(['tail', 'base', '--url', `http://127.0.0.1:${port}`]);
    t.after(() => command.stop());
    await command.until(/trying again/);
    assert.equal(command.errors, `Nobody answers at http://127.0.0.1:${port}; trying again.\n`);
    const app = await startApp({ PORT: port });
    await heardBy(app.url, 'base');
    await command.until(/anybody/);
    await app.stop();
    const again = await startApp({ PORT: port });
    t.after(() => again.stop());
    await post(`${again.url}/events`, { channel: 'base', data: 'new' });
    await command.until(/new\n/);
    assert.equal(
      command.output.replace(LINE, '').replaceAll('base  message  anybody?\n', ''),
      '(The store is a new one: events may be missing.)\nbase  message  new\n',
    );
  });

  test('needs a token where the rules want one', async (t) => {
    const app = await startApp({ ACCESS_RULES: 'allow read vault to t0ken' });
    t.after(() => app.stop());
    const refused = await run(['tail', 'vault', '--url', app.url]);
    assert.deepEqual(refused, {
      code: 1,
      output: '',
      errors: 'These channels need another token: --token.\n',
    });
    await post(`${app.url}/events`, { channel: 'vault', data: 'gold' });
    const command = new Command(['tail', 'vault', '--token', 't0ken', '--last', '1', '--url', app.url]);
    t.after(() => command.stop());
    await command.until(/gold/);
  });
});
