import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Status } from '../../src/browser/client.ts';
import { Cutter } from '../support/cutter.ts';
import { publish } from '../support/engineServer.ts';
import { useClient } from '../support/heardPage.ts';
import { Scripted } from '../support/scripted.ts';

const { closing, started, listen } = useClient();

describe('the client with a server that fails', () => {
  test('G1: comes back after a 502, from where it was', async () => {
    const server = await Scripted.start(closing);
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    first.write('retry: 10\n\nid: e-1\n\n');
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'] });
    first.event(2, 'base', 'two');
    await heard.heard(1);
    // Also of channels that are not listened to: the cursor is where the next stream begins.
    first.write('id: e-7\n\n');
    first.tell({ type: 'ping' });
    server.refuse(502, '<h1>Bad Gateway</h1>');
    first.end();
    await heard.until(() => heard.status?.retryAt !== undefined);
    assert.equal(heard.status?.state, 'waiting');
    await heard.until(() => heard.status?.reason === 'The server answered 502.');

    server.accept();
    const next = await server.stream();
    assert.equal(next.query.get('last_event_id'), 'e-7');
    assert.deepEqual(next.query.getAll('channel'), ['base']);
    next.write('id: e-7\n\n');
    next.tell({ type: 'open', cursor: 'e-7', channels: ['base'] });
    await heard.live();
  });

  interface Fault {
    readonly status: number;
    readonly body?: string;
    readonly headers?: Record<string, string>;
    readonly reason: string;
    /** The shortest and the longest wait that is right after it, in milliseconds. */
    readonly waits: readonly [number, number];
  }
  const NOT_PINSTREAM = /^What answers at .*\/stream is not Pinstream\.$/.source;
  const REFUSED = 'retry: 20\n\nevent: pinstream\ndata: {"type":"refused","reason":"The store is away."}\n\n';
  const event = { 'content-type': 'text/event-stream' };
  /** One after the other, without one that was granted in between. */
  const FAULTS: Record<string, Fault> = {
    'a 502 of a proxy': {
      status: 502,
      body: '<h1>Bad Gateway</h1>',
      reason: 'The server answered 502.',
      waits: [250, 1_250],
    },
    'a 503': {
      status: 503,
      body: '{"error":"Redis is away."}',
      reason: 'Redis is away.',
      waits: [250, 2_250],
    },
    'a 503 with Retry-After': {
      status: 503,
      headers: { 'retry-after': '120' },
      reason: 'The server answered 503.',
      waits: [120_000, 120_000],
    },
    'a 429 with Retry-After': {
      status: 429,
      headers: { 'retry-after': '60' },
      reason: 'The server answered 429.',
      waits: [60_000, 60_000],
    },
    'a 204': { status: 204, reason: NOT_PINSTREAM, waits: [250, 16_250] },
    'a page of somebody else': {
      status: 200,
      body: '<h1>Welcome</h1>',
      headers: { 'content-type': 'text/html' },
      reason: NOT_PINSTREAM,
      waits: [250, 30_250],
    },
    'a refusal in passing': {
      status: 200,
      body: REFUSED,
      headers: event,
      reason: 'The store is away.',
      waits: [250, 30_250],
    },
    'a refusal with a long retry': {
      status: 200,
      body: REFUSED.replace('20', '45000'),
      headers: event,
      reason: 'The store is away.',
      waits: [45_000, 45_000],
    },
    'a stream without a word of ours': {
      status: 200,
      body: ': hello\n\n',
      headers: event,
      reason: 'The connection was lost.',
      waits: [250, 30_250],
    },
    'a 401': {
      status: 401,
      body: '{"error":"This needs a token."}',
      reason: 'This needs a token.',
      waits: [500, 1_000],
    },
    'a 403': {
      status: 403,
      body: '{"error":"Not for this token."}',
      reason: 'Not for this token.',
      waits: [2_000, 4_000],
    },
    'a 404': { status: 404, reason: 'The server answered 404.', waits: [8_000, 16_000] },
  };
  test('comes back after each answer that is none, says why, and waits neither too long nor too little', async () => {
    const server = await Scripted.start(closing);
    const prepare = (page: Page) => page.clock.install();
    const heard = await listen(server.url, { channels: ['base'], share: false }, { prepare });
    const first = await server.stream();
    first.open(1);
    await heard.live();
    let count = 0;
    const isAttempt = ({ state }: Status) => state === 'connecting';
    for (const [what, { status, body, headers, reason, waits }] of Object.entries(FAULTS)) {
      server.refuse(status, body, headers);
      const { length } = heard.statuses;
      if (count === 0) first.end();
      // What is over by then is the wait of before.
      await heard.page.clock.fastForward(count === 0 ? 5_000 : 121_000);
      const since = () => heard.statuses.slice(length + heard.statuses.slice(length).findIndex(isAttempt));
      await heard.until(() => since().some(({ state }) => state === 'waiting'));
      const said = since().find(({ state }) => state === 'waiting') as Status;
      assert.match(said.reason, new RegExp(reason), what);
      const [least, most] = waits.map((wait) => Math.ceil(wait / 1000)) as [number, number];
      const seconds = said.seconds as number;
      assert.ok(seconds >= least && seconds <= most, `${what}: waits ${seconds} s`);
      count = server.requests;
    }
    server.accept();
    await heard.page.clock.fastForward(31_000);
    const next = await server.stream();
    // After a refusal it begins anew, and what came meanwhile is read from the log.
    const missed = { channel: 'base', event: 'message', data: 'meanwhile', at: 1, id: 'e-4' };
    server.events = (query) => {
      const events = query.get('since') === 'e-1' ? [missed] : [];
      return { status: 200, body: JSON.stringify({ cursor: 'e-5', events, gap: null }) };
    };
    next.open(5);
    await heard.live();
    next.event(6, 'base', 'live');
    assert.deepEqual(await heard.heard(2), ['meanwhile', 'live']);
  });

  test('an hour without a server: it goes on trying, and is live as soon as the server is back', async () => {
    const server = await Scripted.start(closing);
    const prepare = (page: Page) => page.clock.install();
    const heard = await listen(server.url, { channels: ['base'], share: false }, { prepare });
    const first = await server.stream();
    first.open(1);
    first.event(2, 'base', 'before');
    await heard.heard(1);
    await server.away();
    await heard.waits('The server cannot be reached.');
    for (let minute = 0; minute < 60; minute++) {
      const { length } = heard.statuses;
      await heard.page.clock.fastForward(60_000);
      await heard.until(() => heard.statuses.slice(length).some(({ state }) => state === 'connecting'));
      await heard.waits('The server cannot be reached.');
      assert.ok((heard.status?.seconds as number) <= 31, `${heard.status?.seconds} s`);
    }
    await server.back();
    await heard.page.clock.fastForward(31_000);
    const next = await server.stream();
    assert.equal(next.query.get('last_event_id'), 'e-2');
    next.open(2);
    next.event(3, 'base', 'after');
    assert.deepEqual(await heard.heard(2), ['before', 'after']);
    await heard.live();
  });

  test('says why it was refused', async () => {
    const server = await Scripted.start(closing);
    server.refuse(403, '{"error":"This channel needs a token."}');
    const heard = await listen(server.url, { channels: ['base'] });
    await heard.until(() => heard.status?.reason === 'This channel needs a token.');
    assert.equal(heard.status?.state, 'waiting');
  });

  test('a stream that is refused in passing says so until one is open', async () => {
    const server = await Scripted.start(closing);
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    first.write('retry: 10\n\n');
    first.tell({ type: 'refused', reason: 'Too many streams from this address.' });
    first.end();
    await heard.until(() => heard.status?.state === 'waiting');
    assert.equal(heard.status?.reason, 'Too many streams from this address.');
    const next = await server.stream();
    next.tell({ type: 'open', cursor: 'e-1', channels: ['base'] });
    await heard.live();
  });

  test('G10: a stream that fell silent is opened anew, from where it was', async () => {
    const server = await Scripted.start(closing);
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    first.write('id: e-1\n\n');
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'], heartbeat: 100 });
    await heard.live();
    const next = await server.stream();
    assert.equal(next.query.get('last_event_id'), 'e-1');
    await heard.until(() => heard.status?.reason === 'The stream fell silent.');
    next.tell({ type: 'open', cursor: 'e-1', channels: ['base'], heartbeat: 15_000 });
    await heard.live();
  });

  test('G10: what went over a half-open connection is heard all the same', async () => {
    const app = await started({ HEARTBEAT: '1s' });
    const cutter = await Cutter.start(app.port);
    closing.push(() => cutter.stop());
    const heard = await listen(cutter.url, { channels: ['base'] });
    await heard.live();
    await publish(app.url, 'base', '1');
    await heard.heard(1);
    // Nobody is told: neither end sees that the other one is gone.
    cutter.freeze();
    for (const data of ['2', '3']) await publish(app.url, 'base', data);
    await heard.until(() => heard.status?.reason === 'The stream fell silent.');
    await heard.heard(3);
    await publish(app.url, 'base', '4');
    assert.deepEqual(await heard.heard(4), ['1', '2', '3', '4']);
    assert.deepEqual(heard.gaps, []);
  });

  test('close ends it for good', async () => {
    const server = await Scripted.start(closing);
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    // Closed by what comes with the opening: the watchdog may not fire before.
    await heard.page.evaluate(`stream.on('base', () => stream.close())`);
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'], heartbeat: 20 });
    first.event(2, 'base', 'close');
    await first.closed;
    await heard.until(() => heard.status?.state === 'stopped');
    // Neither the watchdog nor the network coming back wakes it: another stream's watchdog has fired since.
    await heard.page.evaluate(`import('/pinstream.js').then(({ pinstream }) => {
      dispatchEvent(new Event('online'));
      pinstream({ channels: ['other'] });
    })`);
    for (let time = 1; time <= 2; time++) {
      const stream = await server.stream();
      assert.equal(stream.query.get('channel'), 'other');
      stream.tell({ type: 'open', cursor: 'e-1', channels: ['other'], heartbeat: 20 });
    }
    assert.equal(heard.status?.reason, 'Closed by this page.');
  });

  test("a handler's mistake is reported, and the others still hear", async () => {
    const server = await Scripted.start(closing);
    const heard = await listen(server.url, { channels: ['base'] });
    const mistake = heard.page.waitForEvent('pageerror');
    await heard.page.evaluate(`stream.on('base', () => { throw new Error('mine'); })`);
    await heard.page.evaluate(`stream.on('base', ({ data }) => heard('note', data))`);
    const first = await server.stream();
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'] });
    first.event(2, 'base', 'two');
    await heard.until(() => heard.notes.length === 1);
    assert.equal((await mistake).message, 'mine');
  });
});
