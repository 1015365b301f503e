import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Audience, type Findings } from '../support/audience.ts';
import { LAPTOP, needsEngine, type Part, suiteBundle } from '../support/bundle.ts';
import { startChromium } from '../support/chromium.ts';
import { type KeptEvent, keptSince } from '../support/kept.ts';
import { Presser } from '../support/presser.ts';
import { Publisher } from '../support/publisher.ts';
import { eventually } from '../support/ready.ts';
import { Shell } from '../support/shell.ts';
import { WatchedPage } from '../support/watchedPage.ts';

const CHANNEL = 'chaos';
const LISTENERS = 50;
/** Within it everybody is live again, by himself. */
const LIVE_MS = 10_000;
/** What takes longer is said to be never. */
const PATIENCE_MS = 15_000;
/** A press that is just being debounced ends with its sidecar, and is promised to nobody. */
const IN_HAND_MS = 1_000;
/** Browsers come back after 4 s at most. */
const AWAY_MS = 6_000;
const PARTS: readonly Part[] = ['app', 'redis', 'nginx', 'sidecar'];

interface Row {
  readonly fault: string;
  readonly slowest: number | null;
  readonly middle: number | null;
  readonly page: number | null;
  readonly events: number;
  readonly lost: number;
  readonly doubled: number;
  readonly misordered: number;
  readonly wrong: number;
  readonly gaps: number;
  readonly dead: readonly string[];
}

describe('whatever is killed, restarted or scaled', () => {
  const bundle = suiteBundle(LAPTOP, { LOG_LENGTH: '100000' });
  const table: Row[] = [];
  /** When the sidecar could not be asked to keep what it had in hand. */
  const sidecarGone: { readonly from: number; readonly to: number }[] = [];
  const everything: KeptEvent[] = [];
  const publisher = new Publisher(bundle.url, CHANNEL);
  const presser = new Presser(bundle.url);
  let browser: Awaited<ReturnType<typeof startChromium>>;
  let page: WatchedPage;
  let audience: Audience;
  let engine: Shell;
  let cursor: string | undefined;

  before(async () => {
    needsEngine();
    await bundle.remove();
    await bundle.compose('up', '-d', '--build', '--wait');
    engine = await Shell.ofEngine(bundle);
    browser = await startChromium();
    page = await WatchedPage.open(browser, bundle.url, CHANNEL);
    // Each fifth in the dialect that has no events of ours.
    const urls = Array.from({ length: LISTENERS }, (_, i) =>
      i % 5 === 0
        ? `${bundle.url}/sse/?channels=${CHANNEL}&channels=button`
        : `${bundle.url}/stream?channel=${CHANNEL}&channel=button`,
    );
    audience = await Audience.open(urls);
    publisher.start();
    presser.start();
  });
  after(async () => {
    console.log(asText(table));
    await Promise.all([publisher.stop(), presser.stop()]);
    audience?.stop();
    await browser?.close();
    await engine?.close();
    await bundle.remove();
  });

  /** What is wrong is said for each fault, after all of them: one that fails does not hide the next. */
  async function judged(fault: string, over: number): Promise<void> {
    const goal = { number: publisher.next, pressedAfter: over };
    const [listeners, ofPage] = await Promise.all([
      audience.liveAgain(goal, PATIENCE_MS),
      page.liveAgain(goal, PATIENCE_MS),
    ]);
    const { events, cursor: next } = await keptSince(bundle.url, [CHANNEL, 'button'], cursor);
    cursor = next;
    everything.push(...events);
    const findings = (
      await Promise.all([audience.judge(events, PATIENCE_MS), page.judge(events, PATIENCE_MS)])
    ).flat();
    const all = [...listeners, ...ofPage].map((time) => (time === null ? null : time - over));
    const sum = (what: 'lost' | 'doubled' | 'misordered' | 'wrong' | 'gaps') =>
      findings.reduce((total, one: Findings) => total + one[what], 0);
    table.push({
      fault,
      slowest: largest(all),
      middle: all.toSorted((a, b) => (a ?? PATIENCE_MS) - (b ?? PATIENCE_MS))[all.length >> 1] ?? null,
      page: largest(all.slice(LISTENERS)),
      events: events.length,
      lost: sum('lost'),
      doubled: sum('doubled'),
      misordered: sum('misordered'),
      wrong: sum('wrong'),
      gaps: sum('gaps'),
      dead: findings.flatMap(({ dead }) => dead),
    });
    const { dead, ...row } = table.at(-1) as Row;
    assert.deepEqual(dead, [], `${fault}: listeners gave up for good`);
    const { lost, doubled, misordered, wrong, gaps } = row;
    const nothing = { lost: 0, doubled: 0, misordered: 0, wrong: 0, gaps: 0 };
    assert.deepEqual({ lost, doubled, misordered, wrong, gaps }, nothing, fault);
    assert.ok(
      row.slowest !== null && row.slowest < LIVE_MS,
      `${fault}: the slowest was live again after ${row.slowest} ms, of ${all.map((time) => time ?? 'never')}`,
    );
  }

  /** Over is a command when it has come back. */
  async function commanded(fault: string, ...args: readonly string[]): Promise<void> {
    const from = Date.now();
    await bundle.compose(...args);
    const over = Date.now();
    if (/sidecar|down|up$/.test(fault)) sidecarGone.push({ from, to: over });
    await judged(fault, over);
  }

  test('all 50 and the page have what is published and pressed', () => judged('no fault', Date.now()));

  for (const part of PARTS) {
    test(`${part}: PID 1 is killed`, async () => {
      const [before] = await bundle.inspect(part);
      assert.ok(before, `there is no ${part}`);
      // While the disk is busy with an fsync, Redis acknowledges before it writes: on a slow one a kill loses up to its last second,
      // as promised. Here nothing of that shall hide what is lost otherwise. Its next start is as usual.
      if (part === 'redis') await bundle.exec('redis', 'redis-cli', 'config', 'set', 'appendfsync', 'always');
      await engine.run(`kill -9 ${before.State.Pid}`);
      const over = Date.now();
      if (part === 'sidecar') sidecarGone.push({ from: over, to: over });
      await judged(`kill ${part}`, over);
      const [now] = await bundle.inspect(part);
      assert.notEqual(now?.State.Pid, before.State.Pid, 'it was not killed');
      assert.equal(now?.RestartCount, before.RestartCount + 1);
    });
  }

  test('nginx is reloaded', async () => {
    const [nginx] = await bundle.inspect('nginx');
    const master = nginx?.State.Pid;
    const workers = (await engine.run(`cat /proc/${master}/task/${master}/children`)).trim().split(' ');
    await bundle.exec('nginx', 'nginx', '-s', 'reload');
    await judged('reload nginx', Date.now());
    // Streams stay with the old workers, which cut them off after worker_shutdown_timeout.
    await eventually(
      'the old workers have ended',
      async () => {
        const left = workers.map((pid) => `[ ! -e /proc/${pid} ]`).join(' && ');
        return (await engine.run(`if ${left}; then echo gone; fi`)) === 'gone';
      },
      60_000,
    );
    await judged('its old workers end', Date.now());
  });

  for (const part of PARTS) {
    test(`${part}: docker compose restart`, () => commanded(`restart ${part}`, 'restart', part));
  }

  for (const part of ['app', 'redis'] as const) {
    test(`${part}: away for longer than a browser waits until it asks again`, async () => {
      await bundle.compose('stop', part);
      // Each has asked, and was told something from which it comes back.
      await pause(AWAY_MS);
      await commanded(`${part} away for ${AWAY_MS / 1000} s`, 'start', part);
    });
  }

  test('the app is there three times, and once again', async () => {
    await commanded('--scale app=3', 'up', '-d', '--wait', '--scale', 'app=3');
    assert.equal((await bundle.containers('app')).length, 3);
    await commanded('--scale app=1', 'up', '-d', '--wait', '--scale', 'app=1');
    assert.equal((await bundle.containers('app')).length, 1);
  });

  test('docker compose down, and up', async () => {
    await engine.close();
    const from = Date.now();
    await bundle.compose('down');
    sidecarGone.push({ from, to: Date.now() });
    await commanded('down and up', 'up', '-d', '--wait');
  });

  test('at the end the log holds all that was acknowledged, each once', async () => {
    await Promise.all([publisher.stop(), presser.stop()]);
    await judgedEnd();
    const published = everything.filter(({ channel }) => channel === CHANNEL);
    assert.deepEqual(
      published.map(({ id, data }) => ({ id, data })),
      publisher.acknowledged,
    );
    assert.deepEqual(publisher.problems, []);
    assert.ok(published.length > 500, `${published.length} events are too few to show anything`);
  });

  test('each press that was taken is in the log, once', () => {
    const presses = everything
      .filter(({ channel, event }) => channel === 'button' && event === 'press')
      .map(({ data }) => JSON.parse(data) as { press: number; at: string });
    assert.deepEqual(
      presses.map(({ press }) => press),
      presses.map((_, i) => i + 1),
    );
    const times = presses.map(({ at }) => Date.parse(at));
    const missing = presser.pressed.filter(
      ({ from, to }) =>
        !times.some((time) => time > from - 5 && time < to + 100) &&
        !sidecarGone.some((gone) => to > gone.from - IN_HAND_MS && from < gone.to),
    );
    assert.deepEqual(missing, []);
    assert.ok(presser.pressed.length > 50, `${presser.pressed.length} presses are too few to show anything`);
  });

  /** What came after the last fault: nothing is published any more. */
  async function judgedEnd(): Promise<void> {
    const { events } = await keptSince(bundle.url, [CHANNEL, 'button'], cursor);
    everything.push(...events);
    const findings = [...(await audience.judge(events, LIVE_MS)), ...(await page.judge(events, LIVE_MS))];
    const well = { lost: 0, doubled: 0, misordered: 0, wrong: 0, gaps: 0, dead: [] };
    assert.deepEqual(
      findings,
      findings.map(() => well),
    );
  }
});

function largest(times: readonly (number | null)[]): number | null {
  return times.includes(null) ? null : Math.max(...(times as number[]));
}

function asText(rows: readonly Row[]): string {
  const seconds = (time: number | null) => (time === null ? 'never' : `${(time / 1000).toFixed(1)} s`);
  const cells = rows.map((row) => [
    row.fault,
    seconds(row.slowest),
    seconds(row.middle),
    seconds(row.page),
    ...[row.events, row.lost, row.doubled, row.misordered + row.wrong + row.gaps + row.dead.length].map(
      String,
    ),
  ]);
  const heads = ['fault', 'slowest', 'middle', 'page', 'events', 'lost', 'doubled', 'else wrong'];
  const lines = [heads, ...cells];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  return [
    `Live again, of ${LISTENERS} EventSource clients and the page: from a kill, or from when a command has come back, to the first`,
    'event published and the first press made after that. Events are those that each of them got.',
    ...text,
  ].join('\n');
}
