import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { freePort } from '../support/freePort.ts';
import { Process } from '../support/process.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';
import { Command, startCommand } from './command.ts';

/** The ready-made lines that were printed. */
function curlLines(output: string): string[] {
  return [...output.matchAll(/^ {2}(curl .*)$/gm)].map(([, line = '']) => line);
}

describe('pinstream start', () => {
  test('says where it is, what to press, and lines that work word for word; SIGTERM ends it', async (t) => {
    const { command, url } = await startCommand(['start']);
    t.after(() => command.stop());
    await command.until(/Ctrl-C ends it\./);
    assert.ok(command.output.includes(`is running: ${url}\n\n  Open that page and press "button".`));
    const [press = '', publish = '', stream = '', ...others] = curlLines(command.output);
    assert.deepEqual(others, []);

    const page = await request(url);
    assert.match(page.headers['content-type'] ?? '', /^text\/html/);
    const listening = new Process(stream);
    await listening.until('"type":"open"');
    const pressed = new Process(`${press} -s -w ' %{http_code}'`);
    assert.equal(await pressed.ended(), 0);
    assert.match(pressed.output, /^\{"name":"button","gpio":17,"direction":"in","level":[01]\} 200$/);
    await listening.until('Button press #1 @');
    assert.match(
      listening.output,
      /^id: \w+-\d+\ndata: Button press #1 @ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\n\n/m,
    );
    const published = new Process(`${publish} -s -w ' %{http_code}'`);
    assert.equal(await published.ended(), 0);
    assert.match(published.output, /^\{"id":"\w+-\d+","streams":1\} 201$/);
    await listening.until('data: Hello!\n\n');

    const { code, errors } = await command.stop();
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    await listening.until('"type":"closing"');
    assert.equal(await listening.ended(), 0);
  });

  test('an error that nobody thought of ends it with 1 and a sentence, and with its outputs safe', async (t) => {
    const mock = pathToFileURL('src/sidecar/drivers/mock.ts').href;
    const module = `
      const { MockDriver } = await import('${mock}');
      const open = MockDriver.prototype.open;
      MockDriver.prototype.open = async function (request, listener) {
        const line = await open.call(this, request, listener);
        const write = line.write.bind(line);
        line.write = (level) => {
          console.log('led is ' + level);
          return write(level);
        };
        return line;
      };
      process.on('SIGUSR2', () => { throw new Error('Boom.'); });`;
    const { command, url } = await startCommand(['start'], {
      env: {
        PINS: 'led=18:out:initial=1',
        NODE_OPTIONS: `--import tsx --import data:text/javascript,${encodeURIComponent(module)}`,
      },
    });
    t.after(() => command.signal('SIGKILL'));
    const stream = await Stream.open(`${url}/stream?channel=device`);
    await stream.until('"open"');
    command.signal('SIGUSR2');
    await stream.until('"type":"closing"');
    const { code, output, errors } = await command.ended();
    assert.deepEqual({ code, errors }, { code: 1, errors: '' });
    assert.match(
      output,
      /ERROR Unexpected: Boom\. Pinstream ends with 1, to be started again\. Please report this\. where=.*\nled is 0\n/,
    );
  });

  test('a second signal ends it at once', async (t) => {
    const { command, port } = await startCommand(['start']);
    t.after(() => command.stop());
    await command.until(/Ctrl-C ends it\./);
    // A request that never becomes whole: a clean end waits for it for some seconds.
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write('POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n');
    socket.write('Content-Length: 9\r\nExpect: 100-continue\r\n\r\n');
    await once(socket, 'data');
    command.signal('SIGTERM');
    await command.until(/SIGTERM: stopping\./);
    const begin = performance.now();
    command.signal('SIGINT');
    assert.equal((await command.ended()).code, 1);
    assert.ok(performance.now() - begin < 2_000);
    socket.destroy();
  });
});

describe('pinstream serve', () => {
  test('prints the key that it has made, with a line that works, and never again', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const env = { REDIS_URL: redis.url };
    const port = String(await freePort());
    const command = new Command(['serve', '--port', port], { env });
    t.after(() => command.stop());
    const [, key = ''] = await command.until(/^The key for publishing is (\S+)\n {2}curl .*\n\n/m);
    const [publish] = curlLines(command.output);
    const published = new Process(`${publish} -s -w ' %{http_code}'`);
    assert.equal(await published.ended(), 0);
    assert.match(published.output, /^\{"id":"\w+-1","streams":0\} 201$/);
    assert.equal((await command.stop()).code, 0);

    const again = new Command(['serve', '--port', port], { env });
    t.after(() => again.stop());
    await again.until(/Redis at .* is there/);
    const url = `http://localhost:${port}`;
    while ((await request(`${url}/readyz`)).status !== 200);
    assert.equal((await request(`${url}/events`, eventWith(key))).status, 201);
    const { code, output, errors } = await again.stop();
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    assert.ok(!output.includes(key));
    assert.doesNotMatch(output, /key for publishing/);
  });

  test('says nothing secret, whatever it is asked', async (t) => {
    const redis = await TestRedis.start({ options: ['--requirepass', 'another'] });
    t.after(() => redis.stop());
    const { command, url } = await startCommand(['serve', '--log-level', 'debug'], {
      env: {
        REDIS_URL: `redis://:hunter2@127.0.0.1:${redis.port}`,
        PUBLISH_KEY: 's3cret-key',
        ACCESS_RULES: 'allow read vault to t0ken-a; allow write vault to t0ken-b',
      },
    });
    t.after(() => command.stop());
    await command.until(/it wants another user or password than REDIS_URL has/);
    for (const path of [
      '/stream?channel=vault&access_token=t0ken-a&session=s3ssion',
      '/stream?channel=vault&session=s3ssion&last=x',
      '/sse/?channels=vault&access_token=t0ken-b',
      '/events?channel=vault&access_token=t0ken-a',
      '/channels?access_token=t0ken-a',
    ]) {
      await request(`${url}${path}`);
    }
    for (const key of ['s3cret-key', 'wr0ng-key', 't0ken-b']) await request(`${url}/events`, eventWith(key));
    await request(`${url}/publish`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'channel=vault&message=m3ssage&key=s3cret-key',
    });
    const { code, output, errors } = await command.stop();
    assert.equal(code, 0);
    for (const secret of ['hunter2', 's3cret-key', 't0ken', 's3ssion', 'wr0ng-key', 'm3ssage']) {
      assert.ok(!`${output}${errors}`.includes(secret), `${secret} is in:\n${output}${errors}`);
    }
  });
});

function eventWith(key: string) {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: '{"channel":"vault","data":"m3ssage"}',
  };
}
