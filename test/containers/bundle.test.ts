import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { EventSource } from 'eventsource';
import type { Page } from 'playwright-core';
import { LAPTOP, needsEngine, suiteBundle } from '../support/bundle.ts';
import { useChromium } from '../support/chromium.ts';
import { freePort } from '../support/freePort.ts';
import { ready } from '../support/ready.ts';
import { post } from '../support/request.ts';

const FIRST_EVENT_MS = 20_000;

describe('one command: docker compose up', () => {
  const { browser, closing } = useChromium();
  let bundle: ReturnType<typeof suiteBundle>;
  let allowed: string;
  let foreign: string;
  const servers: Server[] = [];

  before(async () => {
    needsEngine();
    allowed = await served(servers);
    foreign = await served(servers);
    bundle = suiteBundle(LAPTOP, { CORS_ORIGINS: allowed });
    await bundle.remove();
    await bundle.compose('build', '--quiet');
  });
  after(async () => {
    for (const server of servers) server.close().closeAllConnections();
    await bundle.remove();
  });

  test('from the first `up` to the first event through port 80 it takes less than 20 s', async (t) => {
    const from = performance.now();
    await bundle.compose('up', '-d', '--wait');
    const up = performance.now() - from;
    const source = new EventSource(`${bundle.url}/stream?channel=first`);
    t.after(() => source.close());
    const heard = new Promise((done) => source.addEventListener('message', ({ data }) => done(data)));
    await once(source, 'open');
    const { status } = await post(`${bundle.url}/events`, { channel: 'first', data: 'Hello!' });
    assert.equal(status, 201);
    assert.equal(await heard, 'Hello!');
    const took = performance.now() - from;
    const words = [up, took].map((time) => `${(time / 1000).toFixed(1)} s`);
    console.log(
      `From the first \`up -d --wait\` with built images: all healthy after ${words[0]}, first event after ${words[1]}.`,
    );
    assert.ok(took < FIRST_EVENT_MS, words[1]);
  });

  test('Chromium opens it, presses the button on the page, and sees the press', async () => {
    const page = await browser().newPage();
    closing.push(() => page.close());
    await page.goto(bundle.url);
    await page.getByText('online, mock', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Press button' }).click();
    const press = page
      .locator('.event', { has: page.locator('.channel', { hasText: /^button$/ }) })
      .filter({ has: page.locator('.name', { hasText: /^press$/ }) });
    await press.getByText('Button press #1').waitFor();
    await page
      .getByText(/^Button press #1 @ /)
      .first()
      .waitFor();
  });

  test('`docker compose exec redis redis-cli publish` is seen, and replayed to who was away', async (t) => {
    const source = new EventSource(`${bundle.url}/stream?channel=base`);
    t.after(() => source.close());
    const heard = new Promise<MessageEvent>((done) => source.addEventListener('message', done));
    await once(source, 'open');
    await bundle.exec('redis', 'redis-cli', 'publish', 'base', '[1, 2, 3]');
    const { data, lastEventId } = await heard;
    assert.equal(data, '[1, 2, 3]');
    const [epoch, n] = lastEventId.split('-');
    const late = new EventSource(`${bundle.url}/stream?channel=base&last_event_id=${epoch}-${Number(n) - 1}`);
    t.after(() => late.close());
    const replayed = await new Promise<MessageEvent>((done) => late.addEventListener('message', done));
    assert.deepEqual([replayed.data, replayed.lastEventId], ['[1, 2, 3]', lastEventId]);
  });

  test('a page on another origin has the stream if it is allowed, also after the app was down, and otherwise not', async () => {
    const [mine, theirs] = [await pageOn(allowed), await pageOn(foreign)];
    await listens(mine);
    await listens(theirs);
    await mine.waitForFunction('listening.source.readyState === 1');
    await theirs.waitForFunction('listening.source.readyState === 2');
    await post(`${bundle.url}/events`, { channel: 'far', data: 'up' });
    await mine.waitForFunction("listening.data.includes('up')");

    await bundle.compose('stop', 'app');
    // What nginx answers in the app's place must be readable there too, or the stream would be closed for good.
    const away = await pageOn(allowed);
    const stranger = await pageOn(foreign);
    await listens(away);
    await listens(stranger);
    await stranger.waitForFunction('listening.source.readyState === 2');
    // It opens, is refused, and tries again.
    for (const page of [mine, away])
      await page.waitForFunction("listening.states.join().includes('1,0,1,0')", undefined, {
        timeout: 20_000,
      });

    // Other requests say that it is away to whoever is allowed to know.
    assert.equal(await asks(mine), 502);
    assert.equal(await asks(theirs), 'Failed to fetch');

    await bundle.compose('start', 'app');
    await ready(bundle.url);
    for (const page of [mine, away]) await page.waitForFunction("listening.said === 'open'");
    await post(`${bundle.url}/events`, { channel: 'far', data: 'back' });
    for (const page of [mine, away]) await page.waitForFunction("listening.data.includes('back')");
    assert.deepEqual(await dataOf(mine), ['up', 'back']);
    assert.deepEqual(await dataOf(away), ['back']);
    for (const page of [theirs, stranger]) {
      assert.deepEqual(await dataOf(page), []);
      assert.equal(await page.evaluate('listening.source.readyState'), 2);
    }
  });

  async function pageOn(origin: string): Promise<Page> {
    const page = await browser().newPage();
    closing.push(() => page.close());
    await page.goto(origin);
    return page;
  }

  /** As a page does that knows nothing of us. `states`: each opening and each loss, as they came. */
  async function listens(page: Page): Promise<void> {
    await page.evaluate((address) => {
      const source = new EventSource(address);
      const listening = { source, data: [] as string[], states: [] as number[], said: '' };
      Object.assign(globalThis, { listening });
      source.onopen = () => listening.states.push(source.readyState);
      source.onerror = () => listening.states.push(source.readyState);
      source.onmessage = ({ data }) => listening.data.push(data);
      source.addEventListener('pinstream', ({ data }) => {
        listening.said = JSON.parse(data).type;
      });
    }, `${bundle.url}/stream?channel=far`);
  }

  /** The status of an ordinary request, or why the browser keeps it to itself. */
  function asks(page: Page): Promise<number | string> {
    return page.evaluate(
      (address) =>
        fetch(address).then(
          ({ status }) => status,
          ({ message }) => message as string,
        ),
      `${bundle.url}/channels`,
    );
  }

  async function dataOf(page: Page): Promise<string[]> {
    return (await page.evaluate('listening.data')) as string[];
  }
});

/** An origin: somebody else's site on this machine. */
async function served(servers: Server[]): Promise<string> {
  const port = await freePort();
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Somebody else</title>');
  });
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${port}`;
}
