import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { Target } from '../../src/doctor/ask.ts';
import { findUrl, placesOf } from '../../src/doctor/findUrl.ts';
import { startApp } from '../support/app.ts';
import { certificate } from '../support/certificate.ts';
import { examined } from '../support/examined.ts';
import { freePort } from '../support/freePort.ts';
import { startOddApp } from '../support/oddApp.ts';

function target(): Omit<Target, 'url'> {
  return { insecure: false, key: 'sesame', signal: new AbortController().signal };
}

async function place(t: TestContext, answer: RequestListener): Promise<string> {
  const odd = await startOddApp(answer);
  t.after(() => odd.stop());
  return `http://${odd.address}`;
}

async function found(...places: string[]): Promise<string> {
  const { url, insecure, key } = await findUrl(target(), { places, usual: 'http://localhost' });
  assert.equal(key, 'sesame');
  return `${url.origin}${insecure ? ', whatever its certificate' : ''}`;
}

describe('where the doctor looks when nobody says', () => {
  test('the first place where Pinstream answers; other servers are none', async (t) => {
    const other = await place(t, (_, response) => response.end('<h1>It works!</h1>'));
    const app = await startApp();
    t.after(() => app.stop());
    const nobody = `http://127.0.0.1:${await freePort()}`;
    assert.equal(await found('http://nosuch.invalid', nobody, other, app.url), app.url);
  });

  test('also where something only stands in front of it', async (t) => {
    const away = await place(t, (_, response) => response.writeHead(502).end());
    assert.equal(await found(away), away);
  });

  test('port 80 of this machine when it is nowhere', async () => {
    assert.equal(await found('http://nosuch.invalid'), 'http://localhost');
  });

  test('HTTPS where all but the health leads there', async (t) => {
    const led = await place(t, ({ url }, response) => {
      if (url === '/healthz') response.end('{"status":"ok"}');
      else response.writeHead(308, { Location: `https://127.0.0.1:8443${url}` }).end();
    });
    assert.equal(await found(led), 'https://127.0.0.1:8443, whatever its certificate');
  });

  test('not where another host is, whose certificate nobody would look at', async (t) => {
    const led = await place(t, ({ url }, response) => {
      if (url === '/healthz') response.end('{"status":"ok"}');
      else response.writeHead(308, { Location: `https://pi.example:8443${url}` }).end();
    });
    assert.equal(await found(led), led);
  });

  test('where something has to stand in front, not at the app beside it', async () => {
    assert.deepEqual(placesOf(true), { places: ['http://nginx', 'http://localhost'], usual: 'http://nginx' });
    assert.deepEqual(placesOf(false), {
      places: ['http://nginx', 'http://localhost', 'http://localhost:8080'],
      usual: 'http://localhost',
    });
  });
});

test('a certificate that nobody has signed is told of, and taken when it shall be', async (t) => {
  const server = createServer(certificate, (_, response) => response.end('<h1>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  assert.equal(
    (await examined(url)).reachable,
    `✗ Nobody answers at ${url}: its certificate is self-signed. --insecure takes it all the same.`,
  );
  assert.equal(
    (await examined(url, { insecure: true })).reachable,
    `✗ What answers at ${url} is not Pinstream, but says 200: is the address right?`,
  );
});

describe('who learns the key', () => {
  /** Something that says it is healthy, and what it was sent. */
  async function stranger(t: TestContext, answer: RequestListener) {
    const odd = await startOddApp(answer);
    t.after(() => odd.stop());
    const keys = () => odd.seen.map(({ headers }) => headers.authorization);
    return { url: `http://${odd.address}`, keys, seen: odd.seen };
  }

  test('nobody at an address that was guessed', async (t) => {
    const other = await stranger(t, (_, response) => response.end('{"status":"ok"}'));
    const first = await stranger(t, ({ url }, response) => {
      if (url === '/healthz') response.end('{"status":"ok"}');
      else response.writeHead(302, { Location: `${other.url}/login` }).end();
    });
    assert.equal(await found(first.url), first.url);
    assert.deepEqual([first.keys(), other.keys()], [[undefined, undefined], []]);
  });

  test('no one who is not Pinstream, also not in place of an app that is away', async (t) => {
    const settings = { PUBLISH_KEY: 'sesame', CORS_ORIGINS: 'https://a.example' };
    const healthy = await stranger(t, (_, response) => response.end('{"status":"ok"}'));
    const away = await stranger(t, (_, response) => response.writeHead(502).end());
    await examined(healthy.url, { settings });
    await examined(away.url, { settings });
    await examined(away.url, { settings, away: true });
    assert.deepEqual(new Set([...healthy.keys(), ...away.keys()]), new Set([undefined]));
    assert.ok(away.seen.length > 10, `it was asked ${away.seen.length} times`);
  });
});
