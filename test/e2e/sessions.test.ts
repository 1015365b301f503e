import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSource } from 'eventsource';
import { startApp } from '../support/app.ts';
import { startNginx } from '../support/nginx.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post } from '../support/request.ts';
import { newSession, putChannels } from '../support/session.ts';
import { ask } from '../support/wire.ts';

const FRIEND = 'https://friend.example';

test('behind nginx the channels of a stream are changed from a page of an allowed origin, and the session is in no log', {
  timeout: 60_000,
}, async (t) => {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  const settings = { REDIS_URL: redis.url, CORS_OWNER: 'proxy', CORS_ORIGINS: FRIEND };
  const logged: string[] = [];
  const keep = (fields: object, message: string) => void logged.push(JSON.stringify({ fields, message }));
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const [one, two] = [await startApp(settings, { log }), await startApp(settings, { log })];
  t.after(() => Promise.all([one.stop(), two.stop()]));
  await Promise.all([ready(one.url), ready(two.url)]);
  // The stream at one app, the change at the other.
  const toOne = await startNginx({ app: `127.0.0.1:${one.port}`, corsOrigins: FRIEND });
  const toTwo = await startNginx({ app: `127.0.0.1:${two.port}`, corsOrigins: FRIEND });
  t.after(() => Promise.all([toOne.stop(), toTwo.stop()]));

  const session = newSession();
  const source = new EventSource(`${toOne.url}/stream?channel=a&session=${session}`);
  t.after(() => source.close());
  const said: { type: string; cursor: string; channels: string[] }[] = [];
  const heard: string[] = [];
  let wake = () => {};
  source.addEventListener('pinstream', ({ data }) => {
    said.push(JSON.parse(data));
    wake();
  });
  source.onmessage = ({ data }) => {
    heard.push(data);
    wake();
  };
  const until = async (met: () => boolean) => {
    while (!met()) {
      await new Promise<void>((done) => {
        wake = done;
      });
    }
  };
  await until(() => said.length === 1);
  await post(`${toTwo.url}/events`, { channel: 'b', data: 'missed' });

  const preflight = await ask(`${toTwo.url}/stream/${session}`, {
    method: 'OPTIONS',
    headers: {
      Origin: FRIEND,
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'content-type',
    },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.header('access-control-allow-methods').join(), /\bPUT\b/);
  const body = { channels: ['a', 'b'], since: said[0]?.cursor };
  const answer = await putChannels(toTwo.url, session, body, { Origin: FRIEND });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { channels: ['a', 'b'] });
  assert.equal(answer.headers['access-control-allow-origin'], FRIEND);
  await until(() => said.some(({ type }) => type === 'channels'));
  await post(`${toTwo.url}/events`, { channel: 'b', data: 'live' });
  await until(() => heard.length === 2);
  assert.deepEqual(heard, ['missed', 'live']);

  const foreign = await putChannels(
    toTwo.url,
    session,
    { channels: ['c'] },
    { Origin: 'https://foe.example' },
  );
  assert.equal(foreign.status, 403);
  assert.equal((await putChannels(toTwo.url, newSession(), { channels: ['c'] })).status, 404);
  source.close();
  const logs = await Promise.all([toOne.stop(), toTwo.stop()]);
  const all = [...logs.flatMap(({ access, errors }) => [access, errors]), ...logged].join('\n');
  assert.ok(!all.includes(session), all);
  assert.match(logs[1].access, / PUT \/stream\/- 200 /);
  assert.match(logs[0].access, / GET \/stream 200 /);
});
