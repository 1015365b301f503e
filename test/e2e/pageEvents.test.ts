import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import {
  choices,
  postJson,
  publish,
  publishMany,
  rows,
  search,
  text,
  useDashboard,
  WITH_LED,
} from '../support/dashboard.ts';

const { started, loaded, opened, lineTo } = useDashboard();

describe('the list of events', () => {
  test('shows at once what was published before', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'base', data: 'first' });
    await publish(app.url, {
      channel: 'base',
      event: 'measured',
      data: '{"celsius":21.50,"n":12345678901234567890}',
    });
    const page = await opened(app);
    await rows(page, 'base').nth(1).waitFor();
    assert.deepEqual(await page.locator('.event .name').allTextContents(), ['measured', 'message']);
    // Numbers are shown as they were written.
    assert.equal(
      await text(rows(page, 'base', 'measured'), '.data'),
      '{"celsius": 21.50, "n": 12345678901234567890}',
    );
  });

  test('cuts long data, and shows it whole when asked to', async () => {
    const app = await started({});
    const long = `${'x'.repeat(65_000)} the end`;
    await publish(app.url, { channel: 'base', data: long });
    const page = await opened(app);
    const row = rows(page, 'base');
    await row.waitFor();
    assert.ok((await text(row, '.data')).length < 300);
    await row.getByRole('button', { name: 'All data' }).click();
    assert.equal(await text(row, '.data'), long);
    await row.getByText(/ · 65,008 bytes$/).waitFor();
    await row.getByRole('button', { name: 'All data' }).click();
    assert.ok((await text(row, '.data')).length < 300);
  });

  test('opens JSON as a tree, line by line, with every figure as it was written', async () => {
    const app = await started({});
    const data = '{"a":[1.50,{"b":null}],"c":"two words"}';
    await publish(app.url, { channel: 'base', data });
    await publish(app.url, {
      channel: 'long',
      data: JSON.stringify(Array.from({ length: 9_000 }, (_, i) => i)),
    });
    const page = await opened(app);
    const row = rows(page, 'base');
    await row.getByRole('button', { name: 'All data' }).click();
    const lines = await row
      .locator('.json-line')
      .evaluateAll((found) =>
        found.map((line) => [line.textContent, (line as HTMLElement).getBoundingClientRect().height > 0]),
      );
    assert.deepEqual(
      lines.map(([line]) => line),
      ['{\n', '"a": [\n', '1.50,\n', '{\n', '"b": null\n', '}\n', '],\n', '"c": "two words"\n', '}\n'],
    );
    assert.ok(lines.every(([, visible]) => visible));
    assert.deepEqual(JSON.parse(await text(row, '.data')), JSON.parse(data));
    // What is too long for a tree is shown all the same, without an element for each of its lines.
    const long = rows(page, 'long');
    await long.getByRole('button', { name: 'All data' }).click();
    assert.equal(JSON.parse(await text(long, '.data')).length, 9_000);
    assert.equal(await long.locator('.data *').count(), 0);
  });

  test('shows what has no shape: nothing at all, controls, and writing from right to left', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'empty', data: '' });
    await publish(app.url, { channel: 'control', data: 'ring\u0007, \u001b[31m' });
    await publish(app.url, { channel: 'hebrew', data: 'שלום 🎉' });
    const page = await opened(app);
    await rows(page, 'empty').getByText('no data', { exact: true }).waitFor();
    assert.equal(await text(rows(page, 'control'), '.data'), 'ring\u2407, \u241b[31m');
    const data = rows(page, 'hebrew').locator('.data');
    assert.equal(await data.textContent(), 'שלום 🎉');
    assert.equal(await data.evaluate((element) => getComputedStyle(element).direction), 'rtl');
  });

  test('stays bounded, however many events come', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    const page = await opened(app);
    for (let i = 0; i < 23; i++)
      await publishMany(app.url, 100, (n) => ({ channel: 'base', data: `event ${100 * i + n}` }));
    await page.getByText('event 2299', { exact: true }).waitFor();
    assert.deepEqual(
      await data(page),
      Array.from({ length: 200 }, (_, i) => `event ${2299 - i}`),
    );
    assert.equal(await page.locator('#feed [data-part=found]').textContent(), '2,000');
  });

  test('shows what anybody sends as text, never as markup', async () => {
    const app = await started({});
    const page = await opened(app);
    const markup = `<img src=x onerror="document.title='hacked'">`;
    await publish(app.url, { channel: markup, event: markup, data: markup });
    await publish(app.url, { channel: 'json', data: JSON.stringify({ [markup]: markup, text: markup }) });
    await publish(app.url, { channel: 'json', data: JSON.stringify([markup.repeat(20)]) });
    await rows(page, 'json').nth(1).waitFor();
    for (const more of await page.getByRole('button', { name: 'All data' }).all()) await more.click();
    await search(page, 'ONERROR=');
    const row = page.locator('.event').last();
    assert.deepEqual(
      [await text(row, '.channel'), await text(row, '.name'), await text(row, '.data')],
      [markup, markup, markup],
    );
    assert.deepEqual(await row.locator('mark').allTextContents(), ['onerror=', 'onerror=', 'onerror=']);
    await choices(page).getByRole('checkbox', { name: markup }).check();
    assert.equal(await page.locator('.event').count(), 1);
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.title(), 'Pinstream');
  });

  test('says how to send something while nothing has happened, and on a channel where nothing has', async () => {
    const app = await started({});
    const page = await opened(app);
    await page.getByText('Nothing has happened yet.').waitFor();
    await page.getByText(`curl ${app.url}/events`).waitFor();
    await publish(app.url, { channel: 'base', data: 'Hello!' });
    await rows(page, 'base').waitFor();
    assert.equal(await page.getByText('Nothing has happened yet.').isVisible(), false);
    await page.goto(`${app.url}/#channels=it's`);
    await page.getByText("Nothing has happened on “it's”.").waitFor();
    await page.getByText(String.raw`{"channel":"it'\''s","data":"Hello!"}`).waitFor();
    await publish(app.url, { channel: "it's", data: 'now' });
    await rows(page, "it's").waitFor();
  });
});

describe('gaps', () => {
  test('says that the app is gone, and goes on when it is back', async () => {
    const app = await started({});
    const page = await opened(app);
    await publish(app.url, { channel: 'base', data: 'before' });
    await rows(page, 'base').waitFor();
    await app.stop();
    await page.getByText('Not live', { exact: true }).waitFor();

    await started({ PORT: String(app.port) });
    await page.getByText('Live', { exact: true }).waitFor();
    // The memory bus begins anew, so what it had before can't be known: said in the place where it is missing.
    await page.locator('.gap').waitFor();
    await publish(app.url, { channel: 'base', data: 'after' });
    await page.getByText('after', { exact: true }).waitFor();
    const [after, gap, before] = await words(page);
    assert.deepEqual([after, before], ['after', 'before']);
    assert.match(gap ?? '', /^Gap The store is a new one: .* set REDIS_URL to keep it\.$/);
  });

  test('misses nothing and doubles nothing when the connection is cut', async () => {
    const app = await started({});
    const line = await lineTo(app.port);
    const page = await opened(line);
    await publish(app.url, { channel: 'base', data: '1' });
    await page.getByText('1', { exact: true }).first().waitFor();
    line.sever();
    await page.getByText('Not live', { exact: true }).waitFor();
    for (const data of ['2', '3', 'last']) await publish(app.url, { channel: 'base', data });
    line.mend();
    await page.getByText('last', { exact: true }).waitFor();
    await publish(app.url, { channel: 'base', data: 'after' });
    await page.getByText('after', { exact: true }).waitFor();
    assert.deepEqual(await words(page), ['after', 'last', '3', '2', '1']);
  });

  test('says on which channel the log no longer had what was missed', async () => {
    const app = await started({ LOG_LENGTH: '2' });
    const line = await lineTo(app.port);
    const page = await opened(line);
    await publish(app.url, { channel: 'base', data: 'seen' });
    await page.getByText('seen', { exact: true }).waitFor();
    line.sever();
    await page.getByText('Not live', { exact: true }).waitFor();
    for (const data of ['lost', 'kept', 'last']) await publish(app.url, { channel: 'base', data });
    line.mend();
    await page.getByText('last', { exact: true }).waitFor();
    const [last, kept, gap, seen] = await words(page);
    assert.deepEqual([last, kept, seen], ['last', 'kept', 'seen']);
    assert.match(gap ?? '', /^Gap Events on “base” are missing here: .* Raise LOG_LENGTH .* LOG_AGE /);
  });
});

describe('reading in peace', () => {
  test('a paused list stands still, says how many wait, and loses none of them', async () => {
    const app = await started({});
    const page = await opened(app);
    await publish(app.url, { channel: 'base', data: 'before' });
    await page.getByText('before', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await publishMany(app.url, 42, (n) => ({ channel: 'base', data: `${n}` }));
    await page.getByRole('button', { name: 'Resume (42 new)' }).waitFor();
    assert.deepEqual(await data(page), ['before']);
    await page.getByRole('button', { name: 'Resume (42 new)' }).click();
    await page.getByText('41', { exact: true }).waitFor();
    assert.deepEqual(await data(page), [...Array.from({ length: 42 }, (_, n) => `${41 - n}`), 'before']);
  });

  test('says when more came than it remembers, and where they are', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    const page = await opened(app);
    await publish(app.url, { channel: 'base', data: 'before' });
    await page.getByText('before', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    for (let i = 0; i < 22; i++) await publishMany(app.url, 100, () => ({ channel: 'base', data: '' }));
    await page
      .getByText('200 of the new events are more than this page remembers. The log has them')
      .waitFor();
    const resume = page.getByRole('button', { name: 'Resume (2,200 new)' });
    await resume.waitFor();
    assert.deepEqual(await data(page), ['before']);
    await resume.click();
    await page.getByText('are more than this page remembers').waitFor({ state: 'hidden' });
    await page.locator('.event').nth(1).waitFor();
    assert.equal(await page.locator('.event').count(), 200);
  });

  test('what is read does not move while events come, and a pill leads back to them', async () => {
    const app = await started({});
    await publishMany(app.url, 50, (n) => ({ channel: 'base', data: `old ${n}` }));
    const page = await opened(app);
    const row = page.locator('.event', { hasText: 'old 10' });
    await row.waitFor();
    await row.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    // The browser has told the page that its list is scrolled.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    const before = await row.boundingBox();
    await publishMany(app.url, 12, (n) => ({ channel: 'base', data: `new ${n}` }));
    const pill = page.getByRole('button', { name: '12 new', exact: true });
    await pill.waitFor();
    assert.deepEqual(await row.boundingBox(), before);
    await pill.click();
    await pill.waitFor({ state: 'hidden' });
    const newest = page.locator('.event', { hasText: 'new 11' });
    await newest.waitFor();
    assert.equal((await data(page))[0], 'new 11');
    assert.ok(await newest.evaluate((element) => element.getBoundingClientRect().top >= 0));
  });

  test('an open row stays where it is, and the list goes on when it is closed', async () => {
    const app = await started({});
    const page = await opened(app);
    await publish(app.url, { channel: 'base', data: '{"a":1}' });
    const row = rows(page, 'base').first();
    await row.getByRole('button', { name: 'All data' }).click();
    await publish(app.url, { channel: 'base', data: 'new' });
    await page.getByRole('button', { name: '1 new', exact: true }).waitFor();
    assert.equal(await page.locator('.event').count(), 1);
    await row.getByRole('button', { name: 'All data' }).click();
    await page.getByText('new', { exact: true }).waitFor();
    assert.equal(await page.locator('.event').count(), 2);
  });

  test('older events come from the log, without a hole between them', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    await publish(app.url, { channel: 'quiet', data: 'quiet' });
    for (let i = 0; i < 5; i++)
      await publishMany(app.url, 100, (n) => ({ channel: 'base', data: `${i * 100 + n}` }));
    const page = await opened(app);
    // At first the last of each channel come with the stream, and then what is between them.
    await page.getByText('501', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Show older' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.event').length === 400);
    assert.deepEqual(
      await data(page),
      Array.from({ length: 400 }, (_, n) => `${499 - n}`),
    );
    await page.getByRole('button', { name: 'Show older' }).click();
    await page.getByText('The log keeps nothing older.').waitFor();
    assert.deepEqual(await data(page), [...Array.from({ length: 500 }, (_, n) => `${499 - n}`), 'quiet']);
  });

  test('says where events begin to be left out, and fills them in', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    await publish(app.url, { channel: 'quiet', data: 'quiet' });
    await publishMany(app.url, 100, (n) => ({ channel: 'busy', data: `${n}` }));
    for (let i = 0; i < 5; i++) await publishMany(app.url, 90, () => ({ channel: 'other', data: '' }));
    await publishMany(app.url, 60, (n) => ({ channel: 'busy', data: `${100 + n}` }));
    const page = await loaded(`${app.url}/#channels=busy,quiet`, {}, (blank) =>
      // As when the first answer has no room for more: large events fill it.
      blank.route(
        '**/events?*before=*',
        (route) => route.continue({ url: route.request().url().replace('limit=1000', 'limit=59') }),
        { times: 1 },
      ),
    );
    const mark = page.locator('.sparse');
    await mark.waitFor();
    const recent = Array.from({ length: 60 }, (_, n) => `${159 - n}`);
    assert.deepEqual(await words(page), [...recent, await text(page.locator('#feed'), '.sparse'), 'quiet']);
    // Of what is searched for nobody expects to see what stands between.
    await search(page, 'quiet');
    await mark.waitFor({ state: 'detached' });
    await search(page, '');
    await mark.getByRole('button', { name: 'Fill in' }).click();
    await page.getByText('The log keeps nothing older.').waitFor();
    assert.deepEqual(await words(page), [...Array.from({ length: 160 }, (_, n) => `${159 - n}`), 'quiet']);
  });

  test('what the device repeats after a press is told shortly', async () => {
    const app = await started(WITH_LED, { mock: true });
    const page = await opened(app);
    const state = rows(page, 'device').first().locator('.data');
    await state.getByText('online, mock · button released · led off', { exact: true }).waitFor();
    await page.getByRole('switch', { name: 'led' }).click();
    await state.getByText('led on', { exact: true }).waitFor();
    await postJson(`${app.url}/pins/button`, { press: 40 });
    await state.getByText('button released', { exact: true }).waitFor();
    const quiet = await page.locator('.echo .data').allTextContents();
    assert.deepEqual(quiet, ['button released', 'button pressed']);
    // A search finds it in the whole of what was said.
    await search(page, 'led on');
    await state.getByText('button released · led on').waitFor();
  });

  test('says what to press while nobody has pressed anything', async () => {
    const app = await started(WITH_LED, { mock: true });
    const page = await opened(app);
    await page.getByText('Press “button” under Device.').waitFor();
    await page.getByText('The log keeps nothing older.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Show older' }).isVisible(), false);
    await page.getByRole('button', { name: 'Press button' }).click();
    await rows(page, 'button', 'press').waitFor();
    assert.equal(await page.getByText('Press “button” under Device.').isVisible(), false);
  });

  test('older events come into a list that stands, and newer ones do not', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    // More than the page looks at by itself.
    for (let i = 0; i < 11; i++)
      await publishMany(app.url, 100, (n) => ({ channel: 'x', data: `${i} ${n}` }));
    for (const data of ['first', 'second']) await publish(app.url, { channel: 'base', data });
    const page = await opened(app);
    await page.getByText('second', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await publish(app.url, { channel: 'base', data: 'waits' });
    await page.getByRole('button', { name: 'Resume (1 new)' }).waitFor();
    await page.getByRole('button', { name: 'Show older' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.event').length === 400);
    assert.deepEqual((await data(page)).slice(0, 2), ['second', 'first']);
    await page.getByRole('button', { name: 'Resume (1 new)' }).click();
    await page.getByText('waits', { exact: true }).waitFor();
    assert.deepEqual((await data(page)).slice(0, 3), ['waits', 'second', 'first']);
  });

  test('tells those who do not see it that something came, by a region of its own', async () => {
    const app = await started({});
    const page = await opened(app);
    const spoken = page.locator('#feed [data-part=spoken]');
    await page.getByText('Nothing has happened yet.').waitFor();
    await publishMany(app.url, 3, () => ({ channel: 'base', data: '' }));
    await spoken.getByText('3 new events').waitFor({ state: 'attached' });
    assert.equal(await spoken.getAttribute('role'), 'status');
    assert.equal(await page.locator('.trace[aria-live], .trace[role]').count(), 0);
  });

  test('tells it also to those who have just chosen a span of time', async () => {
    const app = await started({}, { mock: true });
    const page = await opened(app);
    const spoken = page.locator('#feed [data-part=spoken]');
    // What comes in the first second is from the log.
    await page.getByText('The log keeps nothing older.').waitFor();
    await page.getByRole('radio', { name: '1 h', exact: true }).focus();
    await publish(app.url, { channel: 'base', data: '' });
    await spoken.getByText('1 new event').waitFor({ state: 'attached' });
  });
});

/** The data of the rows, newest first. */
function data(page: Page): Promise<string[]> {
  return page.locator('.event .data').allTextContents();
}

/** The data of the events and the words of the gaps, newest first. */
function words(page: Page): Promise<string[]> {
  return page
    .locator('.trace > li')
    .evaluateAll((elements) =>
      elements.map((element) => (element.querySelector('.data') ?? element).textContent?.trim() ?? ''),
    );
}
