import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPinstream } from '../../src/index.ts';
import { silentLog } from '../../src/lib/log.ts';
import { post, request } from '../support/request.ts';

test('the app inside another process, which decides who may do what', async () => {
  const app = await startPinstream({
    settings: { PORT: '0', PUBLISH_OPEN: '1' },
    authorize: ({ headers }, right) => right === 'write' || headers.cookie === 'user=admin',
    log: silentLog,
  });
  const url = `http://127.0.0.1:${app.port}`;
  assert.equal((await post(`${url}/events`, { channel: 'a', data: 'x' })).status, 201);
  assert.equal((await request(`${url}/stream?channel=a`)).status, 403);
  assert.equal((await request(`${url}/events?channel=a`, { headers: { Cookie: 'user=admin' } })).status, 200);
  await app.stop();
});

test('and all that is wrong with its settings at once', async () => {
  await assert.rejects(
    startPinstream({ settings: { PORT: 'x', LOG_AGE: 'y', ACCESS_RULES: 'z' } }),
    ({ message }: Error) => message.split('\n').length === 3,
  );
});
