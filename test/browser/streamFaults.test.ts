import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { createHub, type Hub } from '../../src/browser/client/hub.ts';
import type { Saying } from '../../src/browser/client/messages.ts';
import { createStream } from '../../src/browser/client/stream.ts';
import type { Pinstream, PinstreamOptions } from '../../src/browser/client.ts';
import { startApp } from '../support/app.ts';

/** The client with a real app, as it runs in a page; only the network between them is in the test's hands. */

// Node has had it since 21.
(globalThis as { navigator?: object }).navigator ??= {};

const real = globalThis.fetch;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  globalThis.fetch = real;
  for (const close of closing.splice(0).reverse()) await close();
});

class Tab {
  readonly data: string[] = [];
  readonly states: string[] = [];
  readonly stream: Pinstream;
  #look = () => {};

  constructor(options: PinstreamOptions) {
    this.stream = createStream({
      ...options,
      onEvent: ({ channel, data }) => {
        this.data.push(`${channel} ${data}`);
        this.#look();
      },
      onStatus: ({ state }) => {
        this.states.push(state);
        this.#look();
      },
    });
    closing.push(() => this.stream.close());
  }

  async until(met: () => boolean): Promise<void> {
    while (!met())
      await new Promise<void>((done) => {
        this.#look = done;
      });
  }
}

async function app() {
  const started = await startApp();
  closing.push(() => started.stop());
  const { url } = started;
  const publish = async (channel: string, data: string) => {
    const body = JSON.stringify({ channel, data });
    const response = await real(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.equal(response.status, 201);
  };
  return { url: `${url}/stream`, publish };
}

describe('the client', () => {
  test('G3: takes U+2028 and U+2029 in data for what they are', async () => {
    const { url, publish } = await app();
    const tab = new Tab({ url, channels: ['a'] });
    await tab.until(() => tab.states.includes('live'));
    await publish('a', 'x\u2028y\u2029z');
    await publish('a', 'after');
    await tab.until(() => tab.data.includes('a after'));
    assert.deepEqual(tab.data, ['a x\u2028y\u2029z', 'a after']);
  });

  test('misses nothing on a channel that is given up and wanted again while that is under way', async () => {
    const { url, publish } = await app();
    const tab = new Tab({ url, channels: ['a', 'b'] });
    await tab.until(() => tab.states.includes('live'));
    // Each change is carried out, and its answer held back until so many events were published.
    const held: (() => void)[] = [];
    let changes = 0;
    globalThis.fetch = (async (address: URL, init: RequestInit) => {
      const response = await real(address, init);
      if (init?.method !== 'PUT') return response;
      changes++;
      await new Promise<void>((done) => {
        held.push(done);
      });
      return response;
    }) as typeof fetch;
    tab.stream.channels.remove('b');
    tab.stream.channels.add('b');
    for (let i = 0; i < 30; i++) {
      await publish('b', String(i));
      await publish('a', String(i));
      if (i % 10 === 9) for (const done of held.splice(0)) done();
    }
    globalThis.fetch = real;
    for (const done of held.splice(0)) done();
    await tab.until(() => tab.data.includes('b 29') && tab.data.includes('a 29'));
    assert.ok(changes > 0);
    const on = (channel: string) => tab.data.filter((data) => data.startsWith(channel));
    assert.deepEqual(
      on('b'),
      Array.from({ length: 30 }, (_, i) => `b ${i}`),
    );
    assert.deepEqual(
      on('a'),
      Array.from({ length: 30 }, (_, i) => `a ${i}`),
    );
  });

  test('a handler that gives a channel up and wants it again misses nothing of what came with the same piece', async () => {
    const { url, publish } = await app();
    const tab = new Tab({ url, channels: ['a', 'b'] });
    tab.stream.on('a', () => {
      tab.stream.channels.remove('b');
      tab.stream.channels.add('b');
    });
    await tab.until(() => tab.states.includes('live'));
    // All of it is said at once: nobody has listened to anything else meanwhile.
    const body = JSON.stringify(
      ['b', 'a', 'b', 'b', 'a', 'b'].map((channel, i) => ({ channel, data: String(i) })),
    );
    const headers = { 'content-type': 'application/json' };
    assert.equal((await real(new URL('/events', url), { method: 'POST', headers, body })).status, 201);
    await publish('b', '6');
    await tab.until(() => tab.data.includes('b 6'));
    assert.deepEqual(
      tab.data.filter((data) => data.startsWith('b')),
      ['b 0', 'b 2', 'b 3', 'b 5', 'b 6'],
    );
    assert.deepEqual(
      tab.data.filter((data) => data.startsWith('a')),
      ['a 1', 'a 4'],
    );
  });

  test('since: null, as a storage has it, is none', async () => {
    const { url, publish } = await app();
    const tab = new Tab({ url, channels: ['a'], since: null });
    await tab.until(() => tab.states.includes('live'));
    await publish('a', '1');
    await tab.until(() => tab.data.length > 0);
    assert.deepEqual(tab.data, ['a 1']);
    assert.match(tab.stream.cursor, /^\w{6}-1$/);
  });

  test('a stream that is closed while its token is asked for stays closed', async () => {
    let fail = (_: Error) => {};
    const token = () =>
      new Promise<string>((_, refuse) => {
        fail = refuse;
      });
    const tab = new Tab({ url: 'http://127.0.0.1:1/stream', channels: ['a'], token });
    tab.stream.close();
    fail(new Error('none'));
    await new Promise((done) => setImmediate(done));
    assert.equal(tab.stream.status.state, 'stopped');
    assert.deepEqual(tab.states, ['connecting', 'stopped']);
  });

  test('a handler that is added while an event is told hears the next one', async () => {
    const { url, publish } = await app();
    const tab = new Tab({ url, channels: ['a'] });
    const later: string[] = [];
    tab.stream.on('a', () => void tab.stream.on('a', ({ data }) => later.push(data)));
    await tab.until(() => tab.states.includes('live'));
    await publish('a', '1');
    await publish('a', '2');
    await tab.until(() => tab.data.length === 2);
    assert.deepEqual(later, ['2']);
  });
});

describe('the hub', () => {
  let hub: Hub;
  const said: { to: string | undefined; saying: Saying }[] = [];
  const saidTo = (id: string, type: Saying['type']) =>
    said.filter(({ to, saying }) => to === id && saying.type === type).length;
  let look = () => {};
  const until = async (met: () => boolean) => {
    while (!met())
      await new Promise<void>((done) => {
        look = done;
      });
  };

  test("a tab's refusal is its own: the others stay live, and it is not asked again by the hub", async () => {
    const { url, publish } = await app();
    let puts = 0;
    globalThis.fetch = (async (address: URL, init: RequestInit) => {
      if (init?.method !== 'PUT') return real(address, init);
      puts++;
      return new Response('{"error":"Not for you."}', { status: 403 });
    }) as typeof fetch;
    hub = createHub({ url, token: '', credentials: 'omit' }, (sayings, to) => {
      for (const saying of sayings) said.push({ to, saying });
      look();
    });
    closing.push(() => hub.close());
    hub.hear('good', { type: 'want', names: ['a'], count: 1 });
    await until(() => said.some(({ saying }) => saying.type === 'from'));
    hub.hear('bad', { type: 'want', names: ['b'], count: 1 });
    await until(() => saidTo('bad', 'refused') === 1);
    await publish('a', '1');
    await until(() => said.some(({ saying }) => saying.type === 'event'));
    assert.equal(puts, 1);
    assert.equal(saidTo('good', 'refused'), 0);
    assert.ok(hub.has('good'));
    assert.ok(!hub.has('bad'));
  });
});
