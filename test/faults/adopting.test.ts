import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { Served } from '../support/served.ts';
import { Stream } from '../support/stream.ts';

/** Real apps, which are killed, paused for longer than a lease, and woken again. */
describe('raw publishes, whatever happens to the apps', { concurrency: 2 }, () => {
  let redis: TestRedis;
  let client: Redis;
  before(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  after(async () => {
    client.disconnect();
    await redis.stop();
  });

  /** An installation of its own on the same Redis, with so many apps, and what was published in it. */
  async function installation(prefix: string, apps: number) {
    const channel = `${prefix}base`;
    const settings = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: prefix,
      ADOPT: `${prefix}*`,
      LOG_LENGTH: '100000',
    };
    const running = await Promise.all(Array.from({ length: apps }, () => Served.start(settings)));
    for (const app of running) await ready(app.url);
    const published: string[] = [];
    const log = `${prefix}log:${channel}`;
    return {
      running,
      published,
      channel,
      async publish(count: number): Promise<void> {
        for (let i = 0; i < count; i++) {
          // Three equal ones in a row, again and again.
          published.push(`same ${Math.floor(published.length / 3) % 2}`);
          await client.publish(channel, published.at(-1) as string);
        }
      },
      /** Waits until all that was published has a number; each once, in the order in which it was published. */
      async adopted(): Promise<void> {
        await eventually('all are adopted', async () => (await client.xlen(log)) >= published.length);
        const entries = await client.xrange(log, '-', '+');
        assert.deepEqual(
          entries.map(([, fields]) => fields[3]),
          published,
        );
      },
      /** Waits until so many may become the keeper. */
      async inStep(count: number): Promise<void> {
        await eventually(`${count} in step`, async () => (await client.zcard(`${prefix}keepers`)) === count);
      },
      /** Takes the keeper out of those that run: the app that adopts what is published now. */
      async keeper(): Promise<Served> {
        const counts = () => Promise.all(running.map(({ url }) => adoptedBy(url)));
        const earlier = await counts();
        await this.publish(1);
        await this.adopted();
        let found = -1;
        await eventually('one has counted it', async () => {
          found = (await counts()).findIndex((count, i) => count > (earlier[i] as number));
          return found >= 0;
        });
        return running.splice(found, 1)[0] as Served;
      },
    };
  }

  test('one app alone: paused for longer than its lease, it goes on where it was', async () => {
    const one = await installation('alone:', 1);
    const app = one.running[0] as Served;
    await one.publish(10);
    await one.adopted();
    app.pause();
    await one.publish(100);
    await eventually('its lease has run out', async () => (await client.exists('alone:keeper')) === 0);
    await one.publish(10);
    app.wake();
    await one.publish(10);
    await one.adopted();
    await app.kill();
  });

  for (const count of [2, 3, 4]) {
    test(`${count} apps: the keeper is killed or paused and woken, and each is adopted once, in order`, async () => {
      const all = await installation(`of-${count}:`, count);
      await all.inStep(count - 1); // who began alone holds the lease, and is no candidate
      let paused = await all.keeper();
      // Another one takes over when the lease has run out; the woken one finds that it is no longer the keeper.
      paused.pause();
      await all.publish(100);
      await all.adopted();
      paused.wake();
      await all.publish(100);
      await all.adopted();
      all.running.push(paused);
      await all.inStep(count);
      // The next keeper is killed, so that another one, perhaps the woken one, has to go on with its own queue.
      const killed = await all.keeper();
      const stream = await Stream.open(`${all.running[0]?.url}/stream?channel=${all.channel}`);
      await stream.until('"open"');
      const before = all.published.length;
      await all.publish(50);
      await killed.kill();
      await all.publish(100);
      await all.adopted();
      if (count > 2) {
        paused = await all.keeper();
        paused.pause();
        await all.publish(50);
        await all.adopted();
        paused.wake();
        all.running.push(paused);
      }
      await client.publish(all.channel, 'end');
      await stream.until('data: end');
      const heard = [...stream.events.matchAll(/^data: (same \d)$/gm)].map(([, text]) => text);
      if (count === 2) assert.deepEqual(heard, all.published.slice(before));
      stream.close();
      for (const app of all.running) await app.kill();
    });
  }
});

async function adoptedBy(url: string): Promise<number> {
  const { text } = await request(`${url}/metrics`);
  return Number(/^pinstream_raw_adopted_total (\d+)$/m.exec(text)?.[1]);
}
