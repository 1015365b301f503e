import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startApp } from '../support/app.ts';
import { eventually, ready } from '../support/ready.ts';
import { post } from '../support/request.ts';
import { TestSentinel } from '../support/sentinel.ts';
import { Stream } from '../support/stream.ts';

/** Sentinel looks at a server's role every ten seconds, and puts it right when nobody was away for eight: twice, and time to copy. */
const SENTINEL_MS = 60_000;

/** The master fails after it has acknowledged events that its replica has not got. */
describe('a failover by Sentinel that lost the tail', () => {
  for (const how of ['is killed', 'stops answering, and wakes when it is the master no more']) {
    test(`the master ${how}: streams go on, no number is given twice, nobody is told anything false`, async (t) => {
      const sentinel = await TestSentinel.start();
      const { master, replica } = sentinel;
      const app = await startApp({ REDIS_SENTINELS: sentinel.address, ADOPT: '*' });
      await ready(app.url);
      const stream = await Stream.open(`${app.url}/stream?channel=a`);
      t.after(async () => {
        stream.close();
        await app.stop();
        await sentinel.stop();
      });
      await stream.until('"open"');
      const ids: string[] = [];
      const publish = async (data: string): Promise<boolean> => {
        const { status, json } = await post(`${app.url}/events`, { channel: 'a', data });
        if (status === 201) ids.push((json as { id: string }).id);
        return status === 201;
      };
      for (const data of ['1', '2', '3']) assert.ok(await publish(data));
      await master.command('WAIT', '1', '5000');
      await sentinel.detach();
      for (const data of ['4', '5', '6']) assert.ok(await publish(data));
      await stream.until('data: 6');
      if (how === 'is killed') await master.kill();
      else master.pause();
      replica.resume();
      await sentinel.failedOver();
      await eventually('the app is with the new master', async () => {
        await ready(app.url);
        return publish('7');
      });
      await stream.until('data: 7');
      if (how !== 'is killed') {
        master.resume();
        await eventually(
          'the old master follows the new one',
          async () => String(await master.command('INFO', 'replication')).includes('master_link_status:up'),
          SENTINEL_MS,
        );
      }
      await replica.command('PUBLISH', 'a', '8');
      await stream.until('data: 8');

      const [epoch] = (ids[0] as string).split('-');
      const numbers = ids.map((id) => Number(id.split('-')[1]));
      assert.deepEqual(numbers.slice(0, 6), [1, 2, 3, 4, 5, 6]);
      assert.equal(numbers[6], 1_000_004);
      assert.ok(ids.every((id) => id.startsWith(`${epoch}-`)));
      const heard = (text: string) => [...text.matchAll(/^data: (\d)$/gm)].map(([, data]) => data);
      assert.deepEqual(heard(stream.text), ['1', '2', '3', '4', '5', '6', '7', '8']);
      assert.doesNotMatch(stream.text, /"type":"gap"/);
      for (const [n, expected] of [
        [2, ['3', '7', '8']],
        [5, ['7', '8']],
      ] as const) {
        const back = await Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-${n}` });
        await back.until('data: 8');
        assert.deepEqual(heard(back.text), expected);
        assert.doesNotMatch(back.text, /"type":"gap"/);
        back.close();
      }
    });
  }
});
