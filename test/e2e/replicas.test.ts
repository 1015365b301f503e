import assert from 'node:assert/strict';
import { beforeEach, describe, type TestContext, test } from 'node:test';
import { EventSource } from 'eventsource';
import { startApp } from '../support/app.ts';
import { useChromium } from '../support/chromium.ts';
import { freePort } from '../support/freePort.ts';
import { type NameServer, startNameServer } from '../support/nameServer.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { eventually, ready } from '../support/ready.ts';
import { useRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { Served } from '../support/served.ts';
import { Stream } from '../support/stream.ts';

interface Replica {
  readonly host: string;
  readonly url: string;
}

/** A replica that can be killed and stopped: a process of its own. */
class ReplicaProcess implements Replica {
  readonly host: string;
  readonly url: string;
  readonly #settings: Readonly<Record<string, string>>;
  #process: Served | undefined;

  constructor(host: string, port: number, redis: string) {
    this.host = host;
    this.url = `http://${host}:${port}`;
    this.#settings = { HOST: host, PORT: String(port), REDIS_URL: redis };
  }

  async up(): Promise<void> {
    this.#process = await Served.start(this.#settings);
    await ready(this.url);
  }

  pause(): void {
    this.#process?.pause();
  }

  wake(): void {
    this.#process?.wake();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}

describe('replicas behind one nginx', { timeout: 120_000 }, () => {
  const { browser, closing } = useChromium();
  const redis = useRedis();
  let port: number;
  beforeEach(async () => {
    await redis().command('FLUSHALL');
    port = await freePort();
  });

  async function inProcess(t: TestContext, count: number): Promise<Replica[]> {
    const replicas: Replica[] = [];
    for (let i = 0; i < count; i++) {
      const host = `127.0.0.${2 + i}`;
      const settings = { HOST: host, PORT: String(port), REDIS_URL: redis().url };
      const app = await startApp(settings, { mock: i === count - 1 });
      t.after(() => app.stop());
      const replica = { host, url: `http://${host}:${port}` };
      await ready(replica.url);
      replicas.push(replica);
    }
    return replicas;
  }

  async function processes(t: TestContext, count: number): Promise<ReplicaProcess[]> {
    const replicas = Array.from(
      { length: count },
      (_, i) => new ReplicaProcess(`127.0.0.${2 + i}`, port, redis().url),
    );
    for (const replica of replicas) t.after(() => replica.kill());
    await Promise.all(replicas.map((replica) => replica.up()));
    return replicas;
  }

  async function inFront(
    t: TestContext,
    replicas: readonly Replica[],
  ): Promise<{ nginx: Nginx; names: NameServer }> {
    const names = await startNameServer(...replicas.map(({ host }) => host));
    t.after(() => names.stop());
    const nginx = await startNginx({ app: `app:${port}`, resolver: names.address });
    t.after(() => nginx.stop());
    return { nginx, names };
  }

  /** The streams of one replica alone. */
  async function streamsOf({ url }: Replica): Promise<number> {
    const { text } = await request(`${url}/metrics`);
    return Number(/^pinstream_streams (\d+)$/m.exec(text)?.[1]);
  }

  for (const count of [2, 4]) {
    test(`${count}: streams are spread, and their counts are the same through any`, async (t) => {
      const replicas = await inProcess(t, count);
      const { nginx } = await inFront(t, replicas);
      const queries = Array.from({ length: 40 }, (_, i) =>
        i % 4 ? 'channel=a' : 'channel=a&channel=room-*',
      );
      // One after the other: all that come while nginx asks for the addresses go to the first one that it is told.
      const streams: Stream[] = [];
      for (const query of queries) streams.push(await Stream.open(`${nginx.url}/stream?${query}`));
      t.after(() => {
        for (const stream of streams) stream.close();
      });
      for (const stream of streams) await stream.until('"open"');
      const spread = await Promise.all(replicas.map(streamsOf));
      assert.ok(
        spread.every((own) => own > 0 && own < 40),
        `streams at each: ${spread}`,
      );
      for (const { url } of replicas) await request(`${url}/stats`); // each says what it has now
      for (const [i, url] of [...replicas.map((replica) => replica.url), nginx.url].entries()) {
        assert.deepEqual((await request(`${url}/stats`)).json, [
          ['a', 40],
          ['room-*', 10],
        ]);
        const { json } = await post(`${url}/events`, { channel: 'room-1', data: String(i) });
        const { id, streams: told } = json as { id: string; streams: number };
        assert.equal(told, 10);
        const { channels } = (await request(`${url}/channels`)).json as { channels: { channel: string }[] };
        assert.deepEqual(
          channels.filter(({ channel }) => ['a', 'room-1'].includes(channel)),
          [
            { channel: 'a', streams: 40, length: 0, last: null },
            { channel: 'room-1', streams: 10, length: i + 1, last: id },
          ],
        );
      }
    });
  }

  test('the page works through any: shows what came through another, presses, lists channels', async (t) => {
    const replicas = await inProcess(t, 3);
    const { nginx } = await inFront(t, replicas);
    const page = await browser().newPage();
    closing.push(() => page.close());
    for (const [i, { url }] of [...replicas, { url: nginx.url }].entries()) {
      await page.goto(url);
      await page.getByText('Live', { exact: true }).waitFor();
      for (const [at, other] of replicas.entries()) {
        const said = `round ${i} through ${at}`;
        await post(`${other.url}/events`, { channel: `from-${at}`, data: said });
        await page.locator('.event', { hasText: said }).waitFor();
      }
      await page.getByText('online, mock', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Press button' }).click();
      await page
        .getByText(`Button press #${i + 1} @ `)
        .first()
        .waitFor();
      const listed = await page
        .locator('#known-channels option')
        .evaluateAll((options) => options.map((option) => (option as unknown as { value: string }).value));
      for (const channel of ['from-0', 'from-1', 'from-2', 'button'])
        assert.ok(listed.includes(channel), `${channel} among ${listed}`);
    }
  });

  test('one that is killed and comes back: its streams move and miss nothing, and nginx finds it again', async (t) => {
    const replicas = await processes(t, 3);
    const [one, two, three] = replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const { nginx, names } = await inFront(t, replicas);
    const heard = Array.from({ length: 12 }, () => [] as string[]);
    const told: string[] = [];
    const sources = heard.map((mine) => {
      const source = new EventSource(`${nginx.url}/stream?channel=a`);
      source.onmessage = ({ data }) => mine.push(data);
      source.addEventListener('pinstream', ({ data }) => {
        if (data.includes('"gap"')) told.push(data);
      });
      return source;
    });
    t.after(() => {
      for (const source of sources) source.close();
    });
    const spread = async (among: readonly Replica[]) => Promise.all(among.map(streamsOf));
    const total = (all: readonly number[]) => all.reduce((sum, own) => sum + own, 0);
    await eventually('all are open', async () => total(await spread(replicas)) === 12);

    const published: string[] = [];
    const publish = async (through: string, times = 20) => {
      for (let i = 0; i < times; i++) {
        const data = String(published.length);
        const { status } = await post(`${through}/events`, { channel: 'a', data });
        assert.equal(status, 201);
        published.push(data);
      }
    };
    await publish(nginx.url);
    await three.kill();
    await publish(one.url);
    await eventually('its streams are at the others', async () => total(await spread([one, two])) === 12);
    names.tell(one.host, two.host);
    await publish(nginx.url);

    await three.up();
    names.tell(...replicas.map(({ host }) => host));
    const streams: Stream[] = [];
    t.after(() => {
      for (const stream of streams) stream.close();
    });
    await eventually('nginx sends streams there again', async () => {
      const stream = await Stream.open(`${nginx.url}/stream?channel=a`);
      streams.push(stream);
      await stream.until('"open"');
      await new Promise((done) => setTimeout(done, 200));
      return (await streamsOf(three)) > 0;
    });
    await publish(three.url);
    await eventually('all have heard all', async () =>
      heard.every((mine) => mine.at(-1) === published.at(-1)),
    );
    for (const mine of heard) assert.deepEqual(mine, published);
    assert.deepEqual(told, []);
  });

  test('one that is killed, and one that stands still, are out of the counts within ten seconds', async (t) => {
    const replicas = await processes(t, 3);
    const [one, two, three] = replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const streams = await Promise.all(replicas.map(({ url }) => Stream.open(`${url}/stream?channel=a`)));
    t.after(() => {
      for (const stream of streams) stream.close();
    });
    const counted = async () => (await request(`${one.url}/stats`)).text;
    await eventually('all are counted', async () => (await counted()) === '[["a",3]]');
    two.pause();
    await three.kill();
    const from = performance.now();
    await eventually('only one is', async () => (await counted()) === '[["a",1]]');
    const seconds = (performance.now() - from) / 1000;
    assert.ok(seconds < 11, `after ${seconds} s`);
    two.wake();
    await eventually('it is counted again', async () => (await counted()) === '[["a",2]]');
    await two.kill();
  });
});
