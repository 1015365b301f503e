import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { publish } from '../support/engineServer.ts';
import { useClient } from '../support/heardPage.ts';
import { Scripted } from '../support/scripted.ts';

const { closing, started, listen } = useClient();

/** A page's source of tokens: each is noted, and `answers` says what it is. */
const more = `token: () => { heard('note', 'asked'); return answers(); }`;

test('an expired token: a new one is asked for, soon, and nothing is missed', async () => {
  const good = new Set(['first']);
  const authorize = ({ url = '' }: { url?: string }, right: string) =>
    right === 'write' || good.has(new URL(url, 'http://app').searchParams.get('access_token') ?? '');
  const app = await started({}, { authorize });
  const before = `globalThis.answers = () => 'first'`;
  const heard = await listen(app.url, { channels: ['a'] }, { more, before });
  await heard.live();
  assert.deepEqual(heard.notes, ['asked']);
  await publish(app.url, 'a', '1');
  await heard.heard(1);
  // It runs out, and the next time that the server looks at it, it is none: a channel is added.
  good.clear();
  good.add('second');
  await heard.page.evaluate(`globalThis.answers = async () => 'second', stream.channels.add('b')`);
  await heard.until(() => heard.notes.length === 2);
  await publish(app.url, 'b', '2');
  await heard.heard(2);
  await heard.live();
  await publish(app.url, 'a', '3');
  assert.deepEqual(await heard.heard(3), ['1', '2', '3']);
  assert.deepEqual(heard.gaps, []);
  assert.deepEqual(heard.notes, ['asked', 'asked']);
  // Not at once, or a thousand pages would ask for theirs at once; but soon.
  assert.ok(heard.statuses.every(({ seconds = 0 }) => seconds <= 1));
});

for (const status of [401, 403])
  test(`a token that is refused with ${status} again and again is asked for soon, then with longer and longer waits`, async () => {
    const server = await Scripted.start(closing);
    const prepare = (page: Page) => page.clock.install();
    const before = `globalThis.answers = () => 'old'`;
    const heard = await listen(server.url, { channels: ['a'], share: false }, { more, before, prepare });
    const first = await server.stream();
    assert.equal(first.query.get('access_token'), 'old');
    first.open(1);
    await heard.live();
    server.refuse(status, '{"error":"This token has expired."}');
    first.end();
    await heard.page.clock.fastForward(4_000);
    await heard.waits('This token has expired.');
    assert.deepEqual(heard.notes, ['asked']);
    for (const [index, [least, most]] of [
      [1, 1],
      [2, 4],
      [8, 16],
      [15, 30],
      [15, 30],
    ].entries()) {
      const seconds = heard.status?.seconds as number;
      assert.ok(
        seconds >= (least as number) - 1 && seconds <= (most as number),
        `wait ${index}: ${seconds} s`,
      );
      const { length } = heard.statuses;
      await heard.page.clock.fastForward(31_000);
      await heard.until(() => heard.statuses.slice(length).some(({ state }) => state === 'connecting'));
      await heard.waits('This token has expired.');
      assert.equal(heard.notes.length, index + 2);
    }
    server.accept();
    await heard.page.evaluate(`void (globalThis.answers = () => 'new')`);
    await heard.page.clock.fastForward(31_000);
    const next = await server.stream();
    assert.equal(next.query.get('access_token'), 'new');
    assert.equal(next.query.get('last_event_id'), null);
    next.open(1);
    await heard.live();
  });

test('a function that throws: says what it threw, and asks again later', async () => {
  const app = await started();
  const before = `globalThis.answers = () => Promise.reject(new Error('the login is away'))`;
  const prepare = (page: Page) => page.clock.install();
  const heard = await listen(app.url, { channels: ['a'], share: false }, { more, before, prepare });
  await heard.waits('No token: the login is away');
  await heard.page.evaluate(`void (globalThis.answers = () => { throw new Error('now at once'); })`);
  await heard.page.clock.fastForward(31_000);
  await heard.waits('No token: now at once');
  await heard.page.evaluate(`void (globalThis.answers = () => undefined)`);
  await heard.page.clock.fastForward(31_000);
  await heard.live();
  assert.equal(heard.notes.length, 3);
});

test('a stream that was closed asks for no token any more, and says nothing more', async () => {
  const app = await started();
  const before = `globalThis.answers = () => new Promise((_, fail) => { globalThis.fail = fail; })`;
  const heard = await listen(app.url, { channels: ['a'], share: false }, { more, before });
  await heard.until(() => heard.notes.length === 1);
  await heard.page.evaluate(`stream.close(); fail(new Error('too late'))`);
  await heard.page.evaluate(`heard('note', 'over')`);
  await heard.until(() => heard.notes.length === 2);
  assert.deepEqual([heard.status?.state, heard.status?.reason], ['stopped', 'Closed by this page.']);
});

test('a wrong token that stays the same: says why', async () => {
  const app = await started({ ACCESS_RULES: 'allow read vault to t0ken' });
  for (const [token, reason] of [
    [undefined, /^"vault" needs a token: send it as /],
    ['wrong', /^This token may not listen to "vault"\.$/],
  ] as const) {
    const heard = await listen(app.url, { channels: ['vault'], ...(token && { token }) });
    await heard.waits();
    assert.match(heard.status?.reason ?? '', reason);
    assert.ok((heard.status?.seconds as number) <= 2);
  }
  const heard = await listen(app.url, { channels: ['vault'], token: 't0ken' });
  await heard.live();
  await publish(app.url, 'vault', 'secret');
  assert.deepEqual(await heard.heard(1), ['secret']);
});
