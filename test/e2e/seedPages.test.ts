import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useChromium } from '../support/chromium.ts';
import { publish } from '../support/engineServer.ts';
import { pageOf } from '../support/madePage.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post } from '../support/request.ts';
import { startedApp } from '../support/startedApp.ts';
import { listenedTo } from '../support/stats.ts';

/** A page as each seed's author wrote it, with the browser's EventSource and nothing of ours, unless it says so. */

const { browser, closing } = useChromium();

/** What the pages look like that list what they hear. */
const list = (script: string) => `<h2>Demo</h2><ul id="output"></ul><script>
  globalThis.mistakes = [];
  addEventListener('error', ({ message }) => mistakes.push(message));
  ${script}
</script>`;

const PREPENDING = list(`
  const source = new EventSource('/stream');
  source.onmessage = function (event) {
    const item = document.createElement('li');
    item.textContent = event.data;
    document.getElementById('output').prepend(item);
  };`);

const NAMED = (address: string) =>
  list(`
  var source = new EventSource("${address}");
  source.addEventListener('myevent', function(e) {
    var data = JSON.parse(e.data);
    const item = document.createElement('li');
    item.textContent = data.message;
    document.getElementById('output').append(item);
  }, false);`);

const CYCLONE = (address: string) =>
  list(`
  const source = new EventSource('${address}');
  source.onmessage = ({ data, lastEventId }) => {
    const item = document.createElement('li');
    item.textContent = JSON.stringify(JSON.parse(data));
    item.dataset.id = lastEventId;
    document.getElementById('output').append(item);
  };`);

describe('S1 rpi-mybutton-sse', () => {
  test('S1.2 a page on /stream lists each press of the button, the newest first', async () => {
    const app = await startedApp(closing, {}, { mock: true });
    const page = await written(app.url, PREPENDING);
    await listenedTo(app.url, { sse: 1 });
    for (let press = 1; press <= 3; press++) {
      await eventually(
        'the button is there',
        async () => (await post(`${app.url}/pins/button`, { press: 60 })).status === 200,
      );
      await items(page, press);
    }
    assert.deepEqual(
      (await items(page, 3)).map(
        (text) => /^Button press #(\d) @ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.exec(text)?.[1],
      ),
      ['3', '2', '1'],
    );
  });

  test('S1.2 two browsers show the same presses', async () => {
    const app = await startedApp(closing, {}, { mock: true });
    const pages = [await written(app.url, PREPENDING), await written(app.url, PREPENDING)] as const;
    await listenedTo(app.url, { sse: 2 });
    await eventually(
      'the button is there',
      async () => (await post(`${app.url}/pins/button`, { press: 60 })).status === 200,
    );
    assert.deepEqual(await items(pages[0], 1), await items(pages[1], 1));
  });
});

describe('S2 Flask-SSE and S3 pushserver', () => {
  test('S2.2 S2.3 myevent on channel test, and without a channel on sse', async () => {
    const redis = await TestRedis.start();
    closing.push(() => redis.stop());
    const app = await startedApp(closing, { REDIS_URL: redis.url, ADOPT: '*' });
    await ready(app.url);
    const test = await written(app.url, NAMED('/stream?channel=test'));
    const sse = await written(app.url, NAMED('/stream'));
    await listenedTo(app.url, { sse: 1, test: 1 });
    // What send_event() published: a list of both, with JSON in it.
    const said = (message: string) => JSON.stringify(['myevent', JSON.stringify({ message })]);
    await redis.command('PUBLISH', 'test', said('Hello, world!'));
    await redis.command('PUBLISH', 'test', JSON.stringify(['other', 'not meant']));
    await redis.command('PUBLISH', 'test', 'no event at all');
    await redis.command('PUBLISH', 'sse', said('on sse'));
    await redis.command('PUBLISH', 'test', said('the end'));
    assert.deepEqual(await items(test, 2), ['Hello, world!', 'the end']);
    assert.deepEqual(await items(sse, 1), ['on sse']);
    assert.deepEqual(await test.evaluate('mistakes'), []);
  });

  test('S3.1 the page /test says each myevent', async () => {
    const app = await startedApp(closing);
    const page = await browser().newPage();
    closing.push(() => page.close());
    await page.goto(`${app.url}/test`);
    await listenedTo(app.url, { test: 1 });
    const dialog = page.waitForEvent('dialog');
    const publishing = publish(app.url, 'test', 'Hello!', 'myevent');
    const said = await dialog;
    assert.equal(said.message(), 'Hello!');
    await said.accept();
    await publishing;
  });

  test('S3.3 a page of another origin listens and publishes', async () => {
    const other = await elsewhere((app) => NAMED(`${app}/stream?channel=test`));
    const app = await startedApp(closing, { CORS_ORIGINS: other.url });
    const page = await other.open(app.url);
    await listenedTo(app.url, { test: 1 });
    const status = await page.evaluate<number>(`fetch('${app.url}/events', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ channel: 'test', event: 'myevent', data: { message: 'from elsewhere' } }),
    }).then(({ status }) => status)`);
    assert.equal(status, 201);
    assert.deepEqual(await items(page, 1), ['from elsewhere']);
  });
});

describe('S4 cyclone_sse', () => {
  for (const address of [
    '/sse/?channels=a&channels=b',
    '/?channels=a&channels=b',
    '/sse?channels=a&channels=b',
  ])
    test(`S4.1 S4.3 ${address}: all are messages, as they came`, async () => {
      const app = await startedApp(closing);
      const page = await written(app.url, CYCLONE(address));
      await listenedTo(app.url, { a: 1, b: 1 });
      const form = (channel: string, message: string) =>
        fetch(`${app.url}/publish`, { method: 'POST', body: new URLSearchParams({ channel, message }) });
      await form('a', '[123, 124]');
      await form('b', '["your_event_type","data"]');
      await form('c', '"not meant"');
      await publish(app.url, 'a', '{"a":1}', 'tick');
      assert.deepEqual(await items(page, 3), [
        '[123,124]',
        '["your_event_type","data"]',
        '["tick","{\\"a\\":1}"]',
      ]);
      assert.deepEqual(await page.evaluate('mistakes'), []);
    });

  test("S4.13 its plugin's attributes, with the client's script in place of the plugin's, from another origin", async () => {
    const other = await elsewhere(
      (app) => `<div id="sse-handler" data-sse-address="${app}/" data-sse-channels="base"></div>
        <script src="${app}/pinstream.js"></script>
        <script>
          globalThis.heard = [];
          for (const name of ['sse.open', 'sse.message', 'sse.error'])
            document.getElementById('sse-handler').addEventListener(name, ({ type, detail }) => heard.push([type, detail.state ?? detail]));
        </script>`,
    );
    const app = await startedApp(closing, { CORS_ORIGINS: other.url });
    const page = await other.open(app.url);
    const heard = async (count: number) => {
      await eventually(`heard ${count}`, async () => (await page.evaluate<number>('heard.length')) >= count);
      return page.evaluate<unknown[]>('heard');
    };
    assert.deepEqual(await heard(1), [['sse.open', 'live']]);
    await fetch(`${app.url}/publish`, {
      method: 'POST',
      body: new URLSearchParams({ channel: 'base', message: '[1, 2, 3]' }),
    });
    await publish(app.url, 'base', '{"a":1}', 'tick');
    assert.deepEqual((await heard(3)).slice(1), [
      ['sse.message', [1, 2, 3]],
      ['sse.message', ['tick', { a: 1 }]],
    ]);
    await app.stop();
    assert.deepEqual((await heard(4)).slice(3), [['sse.error', 'waiting']]);
  });
});

describe('S5 the slides', () => {
  test('S5.2 the demo appends what it hears, and goes on after a restart', async () => {
    const redis = await TestRedis.start();
    closing.push(() => redis.stop());
    const settings = { REDIS_URL: redis.url };
    const [app, other] = [await startedApp(closing, settings), await startedApp(closing, settings)];
    await Promise.all([ready(app.url), ready(other.url)]);
    const page = await written(
      app.url,
      list(`
        var SSE = new EventSource('/stream?channel=count');
        SSE.onmessage = function (event) {
          var item = document.createElement('li');
          item.appendChild(document.createTextNode(event.data));
          document.getElementById('output').appendChild(item);
        };`),
    );
    await listenedTo(other.url, { count: 1 });
    for (const data of ['0', '1']) await publish(other.url, 'count', data);
    await items(page, 2);
    await app.stop();
    for (const data of ['2', '3']) await publish(other.url, 'count', data);
    await startedApp(closing, { ...settings, PORT: String(app.port) });
    await items(page, 4);
    await publish(other.url, 'count', '4');
    assert.deepEqual(await items(page, 5), ['0', '1', '2', '3', '4']);
  });
});

function written(url: string, body: string): Promise<Page> {
  return pageOf(browser(), closing, url, body);
}

/** Waits for so many items on the list, and answers all that are there. */
async function items(page: Page, count: number): Promise<string[]> {
  const item = page.locator('#output li');
  await eventually(`${count} items`, async () => (await item.count()) >= count);
  return item.allTextContents();
}

/** Another server, with a page that knows where the app is. */
async function elsewhere(body: (app: string) => string) {
  let app = '';
  const server = createServer((_, response) =>
    response
      .setHeader('content-type', 'text/html')
      .end(`<!doctype html><title>Elsewhere</title>${body(app)}`),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url,
    async open(at: string): Promise<Page> {
      app = at;
      const page = await browser().newPage();
      closing.push(() => page.close());
      await page.goto(url);
      return page;
    },
  };
}
