import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useChromium } from '../support/chromium.ts';
import { publish } from '../support/engineServer.ts';
import { pageOf } from '../support/madePage.ts';
import { eventually } from '../support/ready.ts';
import { startedApp } from '../support/startedApp.ts';
import { listenedTo } from '../support/stats.ts';

const { browser, closing } = useChromium();

/** Notes down every event of ours that bubbles up to the document: which element, its name, what it says. */
const NOTES = `<script>
  globalThis.notes = [];
  for (const name of ['sse.open', 'sse.message', 'sse.error'])
    document.addEventListener(name, ({ type, target, detail }) =>
      notes.push([target.id, type, type === 'sse.message' ? detail : detail.state]));
</script>`;
const MODULE = '<script type="module" src="/pinstream.js"></script>';
const CLASSIC = '<script src="/pinstream.js"></script>';

describe('<pin-stream>', () => {
  test('says open, messages as JSON or text, and how things stand when they do not', async () => {
    const app = await startedApp(closing);
    const page = await made(
      app.url,
      `${NOTES}${MODULE}<pin-stream id="json" channels="a, b"></pin-stream><pin-stream id="text" channels="a" type="text"></pin-stream>`,
    );
    await noted(page, [
      ['json', 'sse.open', 'live'],
      ['text', 'sse.open', 'live'],
    ]);
    await publish(app.url, 'a', '{"n":1}');
    await publish(app.url, 'b', 'no JSON {');
    await publish(app.url, 'a', '{"n":2}', 'press');
    await noted(page, [
      ['json', 'sse.message', { n: 1 }],
      ['text', 'sse.message', '{"n":1}'],
      ['json', 'sse.message', 'no JSON {'],
      ['json', 'sse.message', ['press', { n: 2 }]],
      ['text', 'sse.message', ['press', '{"n":2}']],
    ]);
    await app.stop();
    await noted(page, [
      ['json', 'sse.error', 'waiting'],
      ['text', 'sse.error', 'waiting'],
    ]);
    await startedApp(closing, { PORT: String(app.port) });
    await noted(page, [
      ['json', 'sse.open', 'live'],
      ['text', 'sse.open', 'live'],
    ]);
  });

  test('follows its attributes, has its stream by name, and closes it when it leaves the page', async () => {
    const app = await startedApp(closing);
    for (const data of ['1', '2', '3']) await publish(app.url, 'b', data);
    const page = await made(app.url, `${NOTES}${CLASSIC}<pin-stream id="one" channels="a"></pin-stream>`);
    await noted(page, [['one', 'sse.open', 'live']]);
    await listenedTo(app.url, { a: 1 });
    await page.evaluate(`one.setAttribute('channels', 'b'), one.setAttribute('last', '2')`);
    await noted(page, [
      ['one', 'sse.open', 'live'],
      ['one', 'sse.message', 2],
      ['one', 'sse.message', 3],
    ]);
    await listenedTo(app.url, { b: 1 });
    await page.evaluate(`one.stream.channels.add('c')`);
    await listenedTo(app.url, { b: 1, c: 1 });
    await page.evaluate(`globalThis.kept = one, one.remove()`);
    await listenedTo(app.url, {});
    assert.equal(await page.evaluate('kept.stream === undefined'), true);
    await publish(app.url, 'b', 'nobody');
    await page.evaluate('document.body.append(kept)');
    await listenedTo(app.url, { b: 1 });
    await page.evaluate('document.body.prepend(kept)');
    await listenedTo(app.url, { b: 1 });
  });

  test('one that is made by a script, before it is in the page, asks for nothing', async () => {
    const app = await startedApp(closing);
    const page = await made(app.url, `${NOTES}${CLASSIC}`);
    await page.evaluate(
      `globalThis.made = document.createElement('pin-stream'), made.id = 'made', made.setAttribute('channels', 'a')`,
    );
    assert.equal(await page.evaluate('made.stream === undefined'), true);
    await page.evaluate('document.body.append(made)');
    await noted(page, [['made', 'sse.open', 'live']]);
    await listenedTo(app.url, { a: 1 });
  });
});

describe('data-sse-address and data-sse-channels', () => {
  for (const [form, script] of Object.entries({ 'a module': MODULE, 'a classic script': CLASSIC }))
    for (const address of ['/', '/sse/', '/stream', undefined])
      test(`of ${address ?? 'nowhere'}, by ${form}: the stream of that app, in JSON`, async () => {
        const app = await startedApp(closing);
        const attribute = address ? `data-sse-address="${address}"` : '';
        const page = await made(
          app.url,
          `${NOTES}${script}<div id="handler" ${attribute} data-sse-channels="base,other"></div><p id="not" data-sse-address="/"></p>`,
        );
        await noted(page, [['handler', 'sse.open', 'live']]);
        await publish(app.url, 'base', '[1, 2, 3]');
        await publish(app.url, 'other', 'text');
        await noted(page, [
          ['handler', 'sse.message', [1, 2, 3]],
          ['handler', 'sse.message', 'text'],
        ]);
      });

  test('text, and the last events of the log', async () => {
    const app = await startedApp(closing);
    for (const data of ['1', '2', '3']) await publish(app.url, 'base', data);
    const page = await made(
      app.url,
      `${NOTES}${MODULE}<div id="one" data-sse-channels="base" data-sse-type="text" data-sse-last="2"></div>`,
    );
    await noted(page, [
      ['one', 'sse.open', 'live'],
      ['one', 'sse.message', '2'],
      ['one', 'sse.message', '3'],
    ]);
  });
});

function made(url: string, body: string): Promise<Page> {
  return pageOf(browser(), closing, url, body);
}

/** Waits for so many notes, which are then just these, whichever element said its own first; and forgets them. */
async function noted(page: Page, expected: unknown[]): Promise<void> {
  await eventually(
    `${expected.length} notes`,
    async () => (await page.evaluate<number>('notes.length')) >= expected.length,
  );
  const byElement = (notes: unknown[]) =>
    [...(notes as unknown[][])].sort(([one], [other]) =>
      String(one) < String(other) ? -1 : Number(one !== other),
    );
  assert.deepEqual(byElement(await page.evaluate<unknown[]>('notes.splice(0)')), byElement(expected));
}
