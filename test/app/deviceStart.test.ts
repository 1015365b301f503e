import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceState } from '../../src/contract/device.ts';
import { startApp } from '../support/app.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { Stream } from '../support/stream.ts';

test('a sidecar that starts is not announced offline in between, and is when it stops', async () => {
  const redis = await TestRedis.start();
  const app = await startApp({ REDIS_URL: redis.url });
  await ready(app.url);
  const stream = await Stream.open(`${app.url}/stream?channel=device`);
  await stream.until('"open"');
  const withSidecar = await startApp({ REDIS_URL: redis.url }, { mock: true });
  await stream.until('"online"');
  // The key that says so comes with the word: the keeper, which looks every second, cannot look between the two.
  assert.ok(Number(await redis.command('PTTL', 'pinstream:device')) > 5000);
  await withSidecar.stop();
  await stream.until('"offline"');
  const states = [...stream.events.matchAll(/^data: (.*)$/gm)].map(
    ([, data]) => (JSON.parse(data as string) as DeviceState).state,
  );
  assert.deepEqual(states, ['online', 'offline']);
  assert.equal(await redis.command('EXISTS', 'pinstream:device'), 0);
  stream.close();
  await app.stop();
  await redis.stop();
});
