import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { isStream, publish, publishAll } from '../support/engineServer.ts';
import { useClient } from '../support/heardPage.ts';
import { CountingProxy } from '../support/tabs.ts';

const { closing, started, newContext, listen } = useClient();

test('a proxy that buffers: it polls and says so, hears all once, changes channels, and streams again when it can', async () => {
  const app = await started();
  let buffers = true;
  const proxy = await CountingProxy.start(closing, app.port, {
    piece: (piece, send) => void (buffers || send(piece)),
  });
  const prepare = (page: Page) => page.clock.install();
  const heard = await listen(proxy.url, { channels: ['a'], share: false }, { prepare });
  // The three seconds in which the first word has to come.
  await heard.until(() => heard.status?.state === 'connecting');
  await heard.until(() => heard.status?.state === 'polling');
  assert.match(heard.status?.reason ?? '', /^A proxy holds the stream back: .+\.$/);
  await publishAll(app.url, 'a', ['1', '2', '3']);
  assert.deepEqual(await heard.heard(3), ['1', '2', '3']);

  await heard.page.evaluate(`stream.channels.add('b')`);
  await publishAll(app.url, 'b', ['b1', 'b2']);
  await heard.heard(5);
  await heard.page.evaluate(`stream.channels.remove('a')`);
  await publish(app.url, 'a', 'no more');
  await publish(app.url, 'b', 'b3');
  await heard.heard(6);
  assert.equal(proxy.opened, 1);
  assert.equal(heard.status?.state, 'polling');

  // Its time has come, but the proxy has not changed: it goes on as it was.
  const { length } = heard.statuses;
  await heard.page.clock.fastForward(61_000);
  await publish(app.url, 'b', 'b4');
  await heard.until(() => heard.statuses.slice(length).some(({ state }) => state === 'connecting'));
  await publish(app.url, 'b', 'b5');
  await heard.page.clock.fastForward(3_000);
  await heard.until(() => heard.status?.state === 'polling');
  await heard.heard(8);
  buffers = false;
  await heard.page.clock.fastForward(121_000);
  await publish(app.url, 'b', 'b6');
  await heard.live();
  assert.equal(proxy.opened, 3);
  await publish(app.url, 'b', 'b7');
  assert.deepEqual(await heard.heard(10), ['1', '2', '3', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7']);
  assert.deepEqual(heard.gaps, []);
});

test('who polls and is told that something is missing, tells it', async () => {
  const app = await started({ LOG_LENGTH: '2' });
  let away = false;
  let polls = 0;
  let look = () => {};
  const proxy = await CountingProxy.start(closing, app.port, {
    piece: () => undefined,
    answer({ url = '' }, response) {
      if (away) response.destroy();
      else if (url.includes('wait=')) polls++;
      look();
      return away;
    },
  });
  const heard = await listen(proxy.url, { channels: ['a'] });
  await heard.until(() => heard.status?.state === 'polling');
  await publish(app.url, 'a', '1');
  await heard.heard(1);
  // The first one that waited has brought it; the second one waits.
  while (polls < 2)
    await new Promise<void>((done) => {
      look = done;
    });
  away = true;
  // The poll that is under way is the last one that is answered.
  await publish(app.url, 'a', '2');
  await heard.heard(2);
  await heard.waits();
  await publishAll(app.url, 'a', ['3', '4', '5', '6']);
  away = false;
  await heard.heard(4);
  assert.deepEqual(heard.data, ['1', '2', '5', '6']);
  assert.deepEqual(
    heard.gaps.map(({ channel, certain }) => [channel, certain]),
    [['a', true]],
  );
});

test('a stream that is kept until it ends is taken for held back too, by all tabs at once', async () => {
  const app = await started();
  const proxy = await CountingProxy.start(closing, app.port, { answer: ({ url }) => isStream(url) });
  const context = await newContext();
  const first = await listen(proxy.url, { channels: ['a'] }, { context });
  await first.until(() => first.status?.state === 'polling');
  const second = await listen(proxy.url, { channels: ['a', 'b'] }, { context });
  await second.until(() => second.status?.state === 'polling');
  await publishAll(app.url, 'a', ['1', '2']);
  await publish(app.url, 'b', '3');
  assert.deepEqual(await second.heard(3), ['1', '2', '3']);
  assert.deepEqual(await first.heard(2), ['1', '2']);
  assert.equal(proxy.opened, 1);
});
