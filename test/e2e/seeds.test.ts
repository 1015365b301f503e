import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useChromium } from '../support/chromium.ts';
import { freePort } from '../support/freePort.ts';
import { Process, run } from '../support/process.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { afterOpening } from '../support/stream.ts';

/** What the seeds' own READMEs say, typed word for word: real processes, a real Redis, curl, redis-cli and Chromium. */

const { browser, closing } = useChromium();

describe('npm start', () => {
  let port: number;
  let url: string;
  let app: Process;

  before(async () => {
    port = await freePort();
    url = `http://localhost:${port}`;
    app = new Process(`npm start -- --port ${port}`);
    await app.until('Ctrl-C ends it.');
  });
  after(async () => {
    await app.stop();
    // npm itself warns of what it finds in the user's settings.
    assert.equal(app.errors.replace(/^npm .*\n/gm, ''), '');
  });

  test('says where it is, and what to type', () => {
    assert.ok(app.output.includes(`is running: ${url}\n`));
    assert.ok(app.output.includes(`curl -N '${url}/stream'\n`));
    assert.ok(app.output.includes(`${url}/pins/button\n`));
  });

  test('S1.2 S1.4 a press made with the button of the page is on the page without a reload, and in curl', async () => {
    const plain = await curl(`curl -N 'localhost:${port}/stream'`);
    const named = await curl(`curl -N 'localhost:${port}/stream?channel=button'`);
    const page = await pageAt(url);
    let loads = 0;
    page.on('load', () => loads++);
    await page.getByRole('button', { name: 'Press button' }).click();
    await page.locator('.event').getByText('Button press #1 @ ').first().waitFor();
    assert.equal(loads, 0);

    await plain.until('Button press #1 @ ');
    assert.match(
      afterOpening(plain.output),
      /^id: [0-9a-z]{6}-\d+\ndata: Button press #1 @ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\n\n$/,
    );
    await named.until('event: click');
    const [press = '', release = '', click = ''] = afterOpening(named.output).split('\n\n');
    const [, id, data] = /^id: ([0-9a-z]{6}-\d+)\nevent: press\ndata: (\{.*\})$/.exec(press) ?? [];
    assert.ok(id, press);
    const { pin, gpio, press: number, text } = JSON.parse(data as string) as Record<string, unknown>;
    assert.deepEqual([pin, gpio, number], ['button', 17, 1]);
    assert.ok(plain.output.includes(`data: ${text}\n\n`), `${text}`);
    assert.match(release, /\nevent: release\n/);
    assert.match(click, /\nevent: click\n/);
  });

  test("S1.2 the seed's own page, nothing but EventSource('/stream') and onmessage, lists the newest press first", async () => {
    const page = await pageAt(url);
    const html = `<!doctype html><title>RPi SSE Test</title><ul id="out"></ul><script>
      const source = new EventSource('/stream');
      source.onopen = () => document.body.append('connected');
      source.onmessage = ({ data }) => {
        const item = document.createElement('li');
        item.textContent = data;
        document.getElementById('out').prepend(item);
      };
    </script>`;
    await page.route('**/seed', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto(`${url}/seed`);
    await page.getByText('connected').waitFor();
    // As the start message says it.
    const [, press] = /^ {2}(curl .*\/pins\/button)$/m.exec(app.output) ?? [];
    for (let count = 1; count <= 2; count++) {
      await run(press as string);
      await page
        .locator('#out li')
        .nth(count - 1)
        .waitFor();
    }
    const [newest, older] = await page.locator('#out li').allTextContents();
    const numberIn = (text = '') => Number(/^Button press #(\d+) @ /.exec(text)?.[1]);
    assert.equal(numberIn(newest), numberIn(older) + 1);
  });
});

describe("PUBLISH_OPEN=1 ADOPT='*' npm run serve, on cyclone's port and Redis's", () => {
  let redis: TestRedis;
  let app: Process;

  before(async () => {
    for (const port of [6379, 8888]) await mustBeFree(port);
    redis = await TestRedis.start({ port: 6379 });
    app = new Process(
      "PUBLISH_OPEN=1 ADOPT='*' npm run serve -- --port 8888 --redis-url redis://localhost:6379",
    );
    await app.until('Pinstream listens on http://localhost:8888');
    await ready('http://localhost:8888');
  });
  after(async () => {
    await app?.stop();
    await redis?.stop();
  });

  test("S4.8 S4.10 S4.16 both commands of cyclone_sse's README reach /sse/?channels=base, in curl and in Chromium", async () => {
    const stream = await curl("curl -N 'http://localhost:8888/sse/?channels=base'");
    const page = await listening('/sse/?channels=base', 'message');

    assert.match(await run("redis-cli publish base '[1, 2, 3]'"), /^\d+\n$/);
    await stream.until('[1, 2, 3]');
    const answer = await run(
      'curl --dump-header - -X POST -d "message=%5B123%2C+124%5D&channel=base" http://localhost:8888/publish',
    );
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(answer.endsWith('\r\n\r\n{"status":"ok"}'), answer);

    await stream.until('[123, 124]\n\n');
    const [, epoch, n] = /^id: ([0-9a-z]{6})-(\d+)\n/.exec(afterOpening(stream.output)) ?? [];
    assert.equal(
      afterOpening(stream.output),
      `id: ${epoch}-${n}\ndata: [1, 2, 3]\n\nid: ${epoch}-${Number(n) + 1}\ndata: [123, 124]\n\n`,
    );
    assert.deepEqual(await heardBy(page, 2), [
      ['message', '[1, 2, 3]'],
      ['message', '[123, 124]'],
    ]);
  });

  test('S2.3 S2.11 S7.1 S10.1 each shape of a PUBLISH reaches /stream as what it is, and none ends the stream', async () => {
    const stream = await curl("curl -N 'http://localhost:8888/stream'");
    const page = await listening('/stream', 'myevent', 'message');
    for (const command of [
      `redis-cli PUBLISH sse '["myevent","{\\"message\\":\\"Hello!\\"}"]'`,
      `redis-cli PUBLISH sse '{"data":{"message":"Hello!"},"type":"myevent"}'`,
      'redis-cli PUBLISH sse hello',
      "redis-cli PUBLISH sse '{broken'",
      `redis-cli PUBLISH sse '["myevent","the end"]'`,
    ]) {
      assert.match(await run(command), /^\d+\n$/);
    }
    const expected = [
      ['myevent', '{"message":"Hello!"}'],
      ['myevent', '{"message":"Hello!"}'],
      ['message', 'hello'],
      ['message', '{broken'],
      ['myevent', 'the end'],
    ];
    assert.deepEqual(await heardBy(page, 5), expected);
    await stream.until('the end\n\n');
    assert.equal(
      afterOpening(stream.output).replace(/^id: [0-9a-z]{6}-\d+\n/gm, ''),
      expected
        .map(([name, data]) => `${name === 'message' ? '' : `event: ${name}\n`}data: ${data}\n\n`)
        .join(''),
    );
  });

  test("S4.17 behind nginx with the location of cyclone_sse's README, word for word", async () => {
    const port = await freePort();
    await startNginx(`server {
      listen 127.0.0.1:${port};
      location /sse/ {
          rewrite                 ^(.*)$ / break; # to root of our tornado
          proxy_buffering         off; # to push immediately
          proxy_pass              http://127.0.0.1:8888;
      }
    }`);
    const stream = await curl(`curl -N 'http://localhost:${port}/sse/?channels=proxied'`);
    await run("redis-cli publish proxied '[1, 2, 3]'");
    await stream.until('[1, 2, 3]\n\n');
    assert.match(afterOpening(stream.output), /^id: [0-9a-z]{6}-\d+\ndata: \[1, 2, 3\]\n\n$/);
  });

  /** A page of the app that listens to a stream of its own with the browser's EventSource. */
  async function listening(path: string, ...names: string[]): Promise<Page> {
    const page = await pageAt('http://localhost:8888/');
    await page.evaluate(
      ({ path, names }) =>
        new Promise((opened) => {
          const heard: [string, string][] = [];
          const source = new EventSource(path);
          source.onopen = opened;
          for (const name of names) source.addEventListener(name, ({ data }) => heard.push([name, data]));
          Object.assign(window, { heard });
        }),
      { path, names },
    );
    return page;
  }

  async function heardBy(page: Page, count: number): Promise<unknown> {
    // Not by waiting in the page: what it looks at again and again there would be evaluated as text, which its policy forbids.
    const heard = () => page.evaluate<unknown[]>('heard');
    await eventually(`the page has heard ${count}`, async () => (await heard()).length >= count);
    return heard();
  }
});

/** A curl that has its stream. */
async function curl(line: string): Promise<Process> {
  const command = new Process(line);
  closing.push(() => command.stop());
  await command.until('\n\nid: ');
  return command;
}

async function pageAt(url: string): Promise<Page> {
  const page = await browser().newPage();
  closing.push(() => page.close());
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}

async function startNginx(server: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-nginx-'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid nginx.pid; error_log stderr notice;
    events {}
    http { access_log off; client_body_temp_path body; proxy_temp_path proxy; ${server} }`,
  );
  const nginx = new Process(`exec nginx -e stderr -p ${folder} -c nginx.conf`);
  closing.push(async () => {
    await nginx.stop();
    await rm(folder, { recursive: true });
  });
  await nginx.until('using the "epoll" event method');
}

/** These ports are those of the README, so this test can't choose others. */
async function mustBeFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening').catch(() => {
    throw new Error(
      `These tests need port ${port} of this machine, and something listens there: stop it first.`,
    );
  });
  server.close();
  await once(server, 'close');
}
