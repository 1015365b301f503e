import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Bundle, LAPTOP, needsEngine, suiteBundle } from '../support/bundle.ts';
import { freePort } from '../support/freePort.ts';
import { eventually } from '../support/ready.ts';
import { post } from '../support/request.ts';

/** What docker-compose.yml and docs/operations.md promise. */
const STREAMS = 3_000;
const AT_ONCE = 100;
const LONG = { timeout: 180_000 };
/** One address has all of them here. What the app refuses by itself would hide what nginx does. */
const settings = {
  ADDRESS_REQUESTS: '99999',
  ADDRESS_CONNECTIONS: '4096',
  MAX_STREAMS_PER_ADDRESS: '20000',
};

/** What a browser sends with each request, which nginx keeps as long as the stream. */
const BROWSER = `Host: localhost
User-Agent: Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Accept: text/event-stream
Accept-Language: en-GB,en;q=0.9,de;q=0.8
Accept-Encoding: gzip, deflate, br, zstd
Cache-Control: no-cache
Cookie: session=${'c'.repeat(600)}`.replaceAll('\n', '\r\n');

/** One stream of a crowd. Of what comes it keeps no more than the end. */
class Listener {
  readonly #socket: Socket;
  text = '';
  gone = false;

  constructor(socket: Socket, connected: 'connect' | 'secureConnect') {
    this.#socket = socket.setEncoding('utf8');
    socket.once(connected, () => socket.write(`GET /stream?channel=crowd HTTP/1.1\r\n${BROWSER}\r\n\r\n`));
    socket.on('data', (text: string) => {
      this.text = (this.text + text).slice(-2_000);
    });
    socket.on('error', (error) => {
      this.text += String(error);
    });
    socket.once('close', () => {
      this.gone = true;
    });
  }

  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      if (this.gone) throw new Error(`A stream ended without ${part}: ${this.text}`);
      await new Promise<void>((done) => {
        const settle = () => {
          this.#socket.off('data', settle).off('close', settle);
          done();
        };
        this.#socket.on('data', settle).on('close', settle);
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** How often the kernel has killed somebody in nginx's container for its memory, by whichever version of its controls. */
async function killed(bundle: Bundle): Promise<number[]> {
  const files = '/sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control';
  const said = await bundle.exec('nginx', 'sh', '-c', `cat ${files} 2>/dev/null || true`);
  return [...said.matchAll(/^oom_kill (\d+)$/gm)].map(([, times]) => Number(times));
}

async function workers(bundle: Bundle): Promise<string> {
  return (await bundle.exec('nginx', 'cat', '/proc/1/task/1/children')).trim();
}

for (const [what, files, port] of [
  ['without TLS', LAPTOP, 80],
  ['with docker-compose.tls.yml', [...LAPTOP, 'docker-compose.tls.yml'], 443],
] as const) {
  describe(`as many streams as nginx takes, ${what}`, LONG, () => {
    let bundle: Bundle;
    const crowd: Listener[] = [];
    before(async () => {
      needsEngine();
      const tls = { HTTPS_PORT: String(await freePort()), TLS_ADDRESS: '127.0.0.1' };
      bundle = suiteBundle(files, { ...settings, ...(port === 443 && tls) });
      await bundle.remove();
      await bundle.compose('up', '-d', '--build', '--wait');
    }, LONG);
    after(async () => {
      for (const listener of crowd) listener.close();
      await bundle.remove();
    }, LONG);

    test(`${STREAMS} hear an event while bodies fill its disk; the next is refused as a stream, requests go on, nobody is killed`, async () => {
      const [nginx = assert.fail()] = await bundle.inspect('nginx');
      const [network] = Object.values(nginx.NetworkSettings.Networks) as { IPAddress: string }[];
      // At its own address: Docker's proxy for published ports would need three files for each stream.
      const at = { host: network?.IPAddress ?? '', port };
      const listen = () =>
        port === 443
          ? new Listener(connectTls({ ...at, rejectUnauthorized: false }), 'secureConnect')
          : new Listener(connect(at), 'connect');
      const before = await workers(bundle);
      await bundle.exec('nginx', 'sh', '-c', 'cat /dev/zero >/var/cache/nginx/bodies 2>/dev/null || true');

      while (crowd.length < STREAMS) {
        const batch = Array.from({ length: AT_ONCE }, listen);
        crowd.push(...batch);
        await Promise.all(batch.map((one) => one.until('"type":"open"')));
      }
      const refused = listen();
      crowd.push(refused);
      await refused.until('event: pinstream\ndata: {"type":"refused","reason":"Too many streams at once, ');
      assert.match(refused.text, /^HTTP\/1\.1 200 OK\r\n/);

      if (port === 80) {
        const event = { channel: 'crowd', data: `${'x'.repeat(32 * 1024)} the end` };
        assert.equal((await post(`${bundle.url}/events`, event)).status, 201);
      } else {
        const end = `${'x'.repeat(32 * 1024)} the end`;
        await bundle.exec('redis', 'redis-cli', 'publish', 'crowd', end);
      }
      await Promise.all(crowd.slice(0, STREAMS).map((one) => one.until(' the end\n')));
      assert.deepEqual(await killed(bundle), [0]);
      assert.equal(await workers(bundle), before, 'a worker has ended');
      for (const listener of crowd) listener.close();
      await eventually('there is a place again', async () => {
        const late = listen();
        crowd.push(late);
        await late.until('event: pinstream\n');
        return late.text.includes('"type":"open"');
      });
    });
  });
}
