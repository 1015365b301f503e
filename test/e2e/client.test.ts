import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publish } from '../support/engineServer.ts';
import { useClient } from '../support/heardPage.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post } from '../support/request.ts';

const { closing, started, listen } = useClient();

describe('the client with the app', () => {
  test('calls handlers by channel, pattern and name', async () => {
    const { url } = await started();
    const handlers = [['button', 'press'], ['button'], ['room-*'], ['*']];
    const heard = await listen(url, { channels: ['button', 'room-*'] }, { handlers });
    await heard.live();
    await publish(url, 'button', '{"press":1}', 'press');
    await publish(url, 'button', 'r', 'release');
    await publish(url, 'elsewhere', 'not meant');
    await publish(url, 'room-2', 'a\nb\r\nc  ');
    await heard.until(() => heard.events.length === 7);

    assert.deepEqual(
      heard.events.map(({ by, channel, name, data }) => [by, channel, name, data]),
      [
        ['button press', 'button', 'press', '{"press":1}'],
        ['button', 'button', 'press', '{"press":1}'],
        ['*', 'button', 'press', '{"press":1}'],
        ['button', 'button', 'release', 'r'],
        ['*', 'button', 'release', 'r'],
        ['room-*', 'room-2', 'message', 'a\nb\r\nc  '],
        ['*', 'room-2', 'message', 'a\nb\r\nc  '],
      ],
    );
    for (const { id, at } of heard.events) {
      assert.match(id, /^[0-9a-z]+-\d+$/);
      assert.ok(Math.abs(at - Date.now()) < 60_000);
    }
  });

  test('a handler that was taken away hears nothing more', async () => {
    const { url } = await started();
    const heard = await listen(url, { channels: ['base'] });
    await heard.page.evaluate(
      `void (globalThis.stop = stream.on('base', ({ data }) => heard('note', data)))`,
    );
    await heard.live();
    await publish(url, 'base', '1');
    await heard.until(() => heard.notes.length === 1);
    await heard.page.evaluate('stop()');
    await publish(url, 'base', '2');
    // What it would have noted of the one before has come with this one.
    await publish(url, 'base', '3');
    assert.deepEqual(await heard.heard(3), ['1', '2', '3']);
    assert.deepEqual(heard.notes, ['1']);
  });

  test('on() without a function says what it needs', async () => {
    const { url } = await started();
    const heard = await listen(url, { channels: ['base'] });
    for (const call of ['stream.on("base")', 'stream.on("base", "press")', 'stream.on("base", "press", {})'])
      assert.match(
        await heard.page.evaluate<string>(
          `(() => { try { ${call}; } catch (error) { return String(error); } })()`,
        ),
        /^TypeError: on\(channel, name, function\) needs a function\.$/,
      );
  });

  test('last: begins with the newest events of the log', async () => {
    const { url } = await started();
    for (const data of ['1', '2', '3']) await publish(url, 'base', data);
    const heard = await listen(url, { channels: ['base'], last: 2 });
    assert.deepEqual(await heard.heard(2), ['2', '3']);
  });

  test('since: goes on after the cursor of an earlier stream', async () => {
    const { url } = await started();
    const first = await listen(url, { channels: ['base'] });
    await first.live();
    await publish(url, 'base', '1');
    await first.heard(1);
    const since = await first.page.evaluate<string>('stream.cursor');
    await first.page.close();
    for (const data of ['2', '3']) await publish(url, 'base', data);
    const second = await listen(url, { channels: ['base'], since });
    await second.heard(2);
    await publish(url, 'base', '4');
    assert.deepEqual(await second.heard(3), ['2', '3', '4']);
    assert.deepEqual(second.gaps, []);
  });

  test('tells what an app that stopped did, and goes on when it is back', async () => {
    const app = await started();
    const heard = await listen(app.url, { channels: ['base'] });
    await heard.live();
    await publish(app.url, 'base', 'before');
    await heard.heard(1);
    await app.stop();
    await heard.waits();
    assert.match(heard.status?.reason ?? '', /\.$/);

    await started({ PORT: String(app.port) });
    await heard.live();
    // The memory bus has nothing of before: that is a new store.
    await heard.until(() => heard.gaps.length > 0);
    assert.deepEqual(
      heard.gaps.map(({ channel, certain }) => [channel, certain]),
      [[undefined, true]],
    );
    await publish(app.url, 'base', 'after');
    assert.deepEqual(await heard.heard(2), ['before', 'after']);
  });

  test('misses nothing and doubles nothing when an app with Redis restarts', async () => {
    const redis = await TestRedis.start();
    closing.push(() => redis.stop());
    const settings = { REDIS_URL: redis.url };
    const [app, other] = [await started(settings), await started(settings)];
    await Promise.all([ready(app.url), ready(other.url)]);
    const heard = await listen(app.url, { channels: ['base'] });
    await heard.live();
    await publish(other.url, 'base', '1');
    await heard.heard(1);
    await app.stop();
    await heard.waits();
    for (const data of ['2', '3']) await publish(other.url, 'base', data);
    await started({ ...settings, PORT: String(app.port) });
    await heard.heard(3);
    await publish(other.url, 'base', '4');
    assert.deepEqual(await heard.heard(4), ['1', '2', '3', '4']);
    assert.deepEqual(heard.gaps, []);
  });

  test('onGap: a client beyond the log is told of the gap', async () => {
    const { url } = await started({ LOG_LENGTH: '2' });
    const answer = await post(`${url}/events`, { channel: 'base', data: '1' });
    const { id } = answer.json as { id: string };
    for (const data of ['2', '3', '4']) await publish(url, 'base', data);
    const heard = await listen(url, { channels: ['base'], since: id });
    assert.deepEqual(await heard.heard(2), ['3', '4']);
    const [epoch, n] = id.split('-');
    assert.deepEqual(heard.gaps, [{ channel: 'base', until: `${epoch}-${Number(n) + 1}`, certain: true }]);
  });

  test('publish() answers with the id, and rejects with what the server says', async () => {
    const { url } = await started({ PUBLISH_OPEN: '', PUBLISH_KEY: 'k3y' });
    const heard = await listen(url, { channels: ['base'] });
    await heard.live();
    const publishing = (event: object, ...key: string[]) =>
      heard.page.evaluate<Record<string, unknown>>(
        `stream.publish(...${JSON.stringify([event, ...key])}).catch((error) => ({ isError: error instanceof Error, text: error.message, ...error }))`,
      );
    const said = await publishing({ channel: 'base', event: 'said', data: { a: 1 }, key: 'once' }, 'k3y');
    assert.match(String(said.id), /^[0-9a-z]+-\d+$/);
    assert.equal(said.streams, 1);
    const again = await publishing({ channel: 'base', event: 'said', data: { a: 1 }, key: 'once' }, 'k3y');
    assert.deepEqual(again, { ...again, id: said.id, duplicate: true });
    assert.deepEqual(await heard.heard(1), ['{"a":1}']);
    assert.equal(heard.events[0]?.name, 'said');

    const noKey = await publishing({ channel: 'base', data: 'x' });
    assert.deepEqual([noKey.isError, noKey.status], [true, 401]);
    assert.match(String(noKey.text), /^Publishing needs the key: /);
    const noChannel = await publishing({ channel: 'a*', data: 'x' }, 'k3y');
    assert.deepEqual([noChannel.isError, noChannel.status, noChannel.field], [true, 400, 'channel']);
    assert.match(String(noChannel.text), /^[A-Z].+\.$/);
    assert.deepEqual(heard.data, ['{"a":1}']);
  });

  test('async iteration hears all, and ends with close()', async () => {
    const { url } = await started();
    const heard = await listen(url, { channels: ['base'] });
    await heard.page.evaluate(`void (async () => {
      for await (const { data } of stream) {
        heard('note', data);
        // Who is slow loses nothing.
        if (data === '1') await new Promise((go) => { globalThis.go = go; });
      }
      heard('note', 'over');
    })()`);
    await heard.live();
    await publish(url, 'base', '1');
    await heard.until(() => heard.notes.length === 1);
    for (const data of ['2', '3']) await publish(url, 'base', data);
    await heard.heard(3);
    await heard.page.evaluate('go()');
    await heard.until(() => heard.notes.length === 3);
    await heard.page.evaluate('stream.close()');
    await heard.until(() => heard.notes.length === 4);
    assert.deepEqual(heard.notes, ['1', '2', '3', 'over']);
    assert.deepEqual([heard.status?.state, heard.status?.reason], ['stopped', 'Closed by this page.']);
  });

  test('a classic script and a module in one page share one stream, and define each element once', async () => {
    const { url } = await started();
    const heard = await listen(url, { channels: ['base'] });
    const mistakes: Error[] = [];
    heard.page.on('pageerror', (error) => mistakes.push(error));
    await heard.page.addScriptTag({ url: `${url}/pinstream.js` });
    await heard.page.evaluate(
      `void Pinstream({ channels: ['base'], onEvent: ({ data }) => heard('note', data), onStatus: ({ state }) => heard('note', state) })`,
    );
    await heard.live();
    await heard.until(() => heard.notes.at(-1) === 'live');
    await publish(url, 'base', '1');
    assert.deepEqual(await heard.heard(1), ['1']);
    await heard.until(() => heard.notes.at(-1) === '1');
    const { json } = await post(`${url}/events`, { channel: 'base', data: '2' });
    assert.equal((json as { streams: number }).streams, 1);
    assert.deepEqual(mistakes, []);
  });
});
