import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { Audience, type Findings } from '../support/audience.ts';
import { LAPTOP, needsEngine, suiteBundle } from '../support/bundle.ts';
import { keptSince } from '../support/kept.ts';
import { Publisher } from '../support/publisher.ts';
import { eventually, ready } from '../support/ready.ts';
import { Shell } from '../support/shell.ts';

const CHANNEL = 'rolling';
const LISTENERS = 20;
const STREAMS = 30;
/** Within it nginx has picked up a new app, and let go of one that is gone. */
const NOTICED_MS = 5_000;
const EVERY_MS = 50;
/** A request that takes longer has waited for an app that is not there. */
const SLOW_MS = 1_000;

describe('docker compose up --scale app=3', () => {
  const bundle = suiteBundle(LAPTOP, { LOG_LENGTH: '100000' });
  /** Inside nginx, which reaches each app by its own address. */
  let nginx: Shell;
  const said: string[] = [];
  before(async () => {
    needsEngine();
    await bundle.remove();
    await bundle.compose('up', '-d', '--build', '--wait');
    nginx = await Shell.inside(bundle, 'nginx');
  });
  after(async () => {
    console.log(said.join('\n'));
    await nginx?.close();
    await bundle.remove();
  });

  test('the only app has a socket, which all that nginx passes on goes by', async () => {
    assert.equal((await fetch(`${bundle.url}/channels`)).status, 200);
    assert.equal(await wayOfTheLast(), 'unix:/run/pinstream/app.sock:200');
  });

  test('nginx sends new streams to new apps within 5 s after they are there', async (t) => {
    const [old] = await apps();
    const scaled = bundle.compose('up', '-d', '--no-recreate', '--scale', 'app=3');
    const there = new Map<string, number>();
    const used = new Map<string, number>();
    const from = performance.now();
    const over = AbortSignal.timeout(60_000);
    let added: string[] = [];
    while ((added.length < 2 || used.size < 2) && !over.aborted) {
      // Each stays open: all that are counted at an app came to it.
      const source = new EventSource(`${bundle.url}/stream?channel=a`);
      t.after(() => source.close());
      await once(source, 'open');
      if (added.length < 2) added = (await apps()).filter((one) => one !== old);
      for (const app of added) {
        const streams = await streamsOf(app);
        if (streams !== undefined && !there.has(app)) there.set(app, performance.now());
        if (streams !== undefined && streams > 0 && !used.has(app)) used.set(app, performance.now());
      }
      await pause(EVERY_MS);
    }
    await scaled;
    const waited = added.map((app) => (used.get(app) ?? from + 1e6) - (there.get(app) ?? from));
    said.push(`New apps had their first stream ${waited.map(seconds).join(' and ')} after they answered.`);
    assert.equal(waited.length, 2);
    assert.ok(Math.max(...waited) < NOTICED_MS, said.at(-1));
  });

  test('streams are spread over all three', async (t) => {
    await bundle.compose('up', '-d', '--wait', '--no-recreate', '--scale', 'app=3');
    await eventually('the streams of before are gone', async () => total(await spread()) === 0);
    for (let i = 0; i < STREAMS; i++) {
      const source = new EventSource(`${bundle.url}/stream?channel=a`);
      t.after(() => source.close());
      await once(source, 'open');
    }
    await eventually('all are counted', async () => total(await spread()) === STREAMS);
    const each = await spread();
    said.push(`${STREAMS} streams: ${each.join(', ')} at the three apps.`);
    assert.equal(each.length, 3);
    assert.ok(
      // nginx chooses by chance: more would now and then not be so.
      each.every((own) => own > 0),
      `streams at each: ${each}`,
    );
  });

  for (const [how, away] of [
    ['killed', (id: string) => bundle.run('docker', ['kill', id])],
    ['removed', () => bundle.compose('up', '-d', '--no-recreate', '--scale', 'app=1')],
  ] as const) {
    test(`an app that is ${how} is let go of within 5 s, and no request fails then`, async (t) => {
      const source = new EventSource(`${bundle.url}/stream?channel=a`);
      t.after(() => source.close());
      await once(source, 'open');
      const containers = await bundle.containers('app');
      const asked: { readonly at: number; readonly ms: number; readonly status: number }[] = [];
      const from = performance.now();
      let gone = from;
      const leaving = away(containers.at(-1) as string).then(() => {
        gone = performance.now();
      });
      // Until so long after it was gone that all would be well.
      while (gone === from || performance.now() < gone + NOTICED_MS + 1_000) {
        const at = performance.now();
        const { status } = await fetch(`${bundle.url}/channels`).catch(() => ({ status: 0 }));
        asked.push({ at, ms: performance.now() - at, status });
        await pause(EVERY_MS);
      }
      await leaving;
      const failed = asked.filter(({ status }) => status !== 200);
      const slow = asked.filter(({ ms }) => ms > SLOW_MS);
      const last = (some: typeof asked) =>
        some.length === 0 ? 0 : Math.max((some.at(-1)?.at ?? 0) - gone, 0);
      said.push(
        `An app ${how}: of ${asked.length} requests ${failed.length} failed, the last ${seconds(last(failed))} after it was gone; ` +
          `${slow.length} took longer than a second, the last ${seconds(last(slow))} after.`,
      );
      assert.ok(last(failed) < NOTICED_MS && last(slow) < NOTICED_MS, said.at(-1));
      assert.ok(asked.filter(({ at }) => at > gone).length > 20, 'too few requests to show anything');
      const left = (await apps()).length;
      assert.match(await wayOfTheLast(), left === 1 ? /^unix:/ : /^\d+\./);
      await eventually('its streams are open again elsewhere', async () => source.readyState === source.OPEN);
    });
  }

  test('apps that are restarted one after another lose nothing, of raw publishes neither', async (t) => {
    await bundle.compose('up', '-d', '--wait', '--scale', 'app=3');
    const redis = await Shell.inside(bundle, 'redis');
    const audience = await Audience.open(
      Array.from({ length: LISTENERS }, () => `${bundle.url}/stream?channel=${CHANNEL}&channel=raw`),
    );
    t.after(() => audience.stop());
    const publisher = new Publisher(bundle.url, CHANNEL);
    publisher.start();
    const raw: string[] = [];
    let over = false;
    const typing = (async () => {
      while (!over) {
        const text = `typed ${raw.length}`;
        raw.push(text);
        await redis.run(`redis-cli publish raw '${text}'`);
        await pause(EVERY_MS);
      }
    })();
    for (const id of await bundle.containers('app')) {
      await bundle.run('docker', ['restart', id]);
      await eventually(
        'it is healthy again',
        async () =>
          (await bundle.inspect('app')).find(({ Id }) => Id === id)?.State.Health?.Status === 'healthy',
        60_000,
      );
    }
    const goal = { number: publisher.next };
    const from = Date.now();
    const live = await audience.liveAgain(goal, 15_000);
    over = true;
    await Promise.all([typing, publisher.stop()]);
    await redis.close();
    await ready(bundle.url);
    await eventually('the last one that was typed is kept', async () => {
      const { events } = await keptSince(bundle.url, ['raw']);
      return events.some(({ data }) => data === raw.at(-1));
    });
    const { events } = await keptSince(bundle.url, [CHANNEL, 'raw']);
    const of = (name: string) => events.filter(({ channel }) => channel === name);
    const findings = await audience.judge(events, 15_000);
    const slowest = live.includes(null) ? 'never' : seconds(Math.max(...(live as number[])) - from);
    said.push(
      `Three apps restarted one after another: ${of(CHANNEL).length} events by HTTP and ${raw.length} by redis-cli to ${LISTENERS} ` +
        `listeners, lost ${sum(findings, 'lost')}, doubled ${sum(findings, 'doubled')}; the slowest listener was live again after ${slowest}.`,
    );
    assert.deepEqual(publisher.problems, []);
    assert.deepEqual(
      of(CHANNEL).map(({ id, data }) => ({ id, data })),
      publisher.acknowledged,
    );
    assert.deepEqual(
      of('raw').map(({ data }) => data),
      raw,
    );
    const well = { lost: 0, doubled: 0, misordered: 0, wrong: 0, gaps: 0, dead: [] };
    assert.deepEqual(
      findings,
      findings.map(() => well),
    );
  });

  /** By which way nginx passed on what it was asked last, and the status that came of it. */
  async function wayOfTheLast(): Promise<string> {
    const log = await bundle.compose('logs', '--no-log-prefix', 'nginx');
    return [...log.matchAll(/ GET \/channels .* app=(\S+)$/gm)].at(-1)?.[1] ?? 'nothing was asked';
  }

  /** The apps' addresses that nginx can reach. */
  async function apps(): Promise<string[]> {
    const edge = `${bundle.env.COMPOSE_PROJECT_NAME}_edge`;
    return (await bundle.inspect('app')).flatMap(({ NetworkSettings: { Networks } }) => {
      const address = (Networks[edge] as { IPAddress?: string } | undefined)?.IPAddress;
      return address ? [address] : [];
    });
  }

  /** The streams of one app; undefined while it does not answer. */
  async function streamsOf(app: string): Promise<number | undefined> {
    const text = await nginx.run(`curl -s -m 1 http://${app}:8080/metrics || true`);
    const streams = /^pinstream_streams (\d+)$/m.exec(text)?.[1];
    return streams === undefined ? undefined : Number(streams);
  }

  async function spread(): Promise<number[]> {
    return Promise.all((await apps()).map(async (app) => (await streamsOf(app)) ?? 0));
  }
});

function total(all: readonly number[]): number {
  return all.reduce((sum, own) => sum + own, 0);
}

function sum(findings: readonly Findings[], what: 'lost' | 'doubled'): number {
  return total(findings.map((one) => one[what]));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
