import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { publishCommand, quote, readCommand } from '../../src/browser/page/events/curl.ts';

/** What no shell and no terminal may make anything of. */
const NASTY = [
  `it's "quoted" \`whoami\` $(whoami) $HOME \\ \\n !! & | ; < > * ? ~ # %s`,
  `'`,
  `'''`,
  `\\'`,
  'two\nlines\r\nand\ttabs',
  'bell \u0007, escape \u001b[31m, null \u0000, del \u007f, next line \u0085, turned \u202e back',
  'שלום عالم 日本 🎉👩‍👩‍👧',
  '@/etc/passwd',
  '',
  '{"json": ["it\'s", null]}',
  'END_OF_EVENT',
];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { url, headers, method } = request;
    const body = Buffer.concat(chunks).toString();
    response.end(
      JSON.stringify({ method, url, body, type: headers['content-type'], key: headers.authorization }),
    );
  });
});
let origin = '';

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  server.close();
  await once(server, 'close');
});

describe('the commands', () => {
  test('publish again exactly what was published, run by a real shell', async () => {
    for (const text of NASTY) {
      const command = publishCommand(
        origin,
        eventOf({ channel: `a${text.slice(0, 8)}`, name: 'named', data: text }),
      );
      const { method, url, body, type } = await run(command);
      assert.deepEqual([method, url, type], ['POST', '/events', 'application/json']);
      assert.deepEqual(JSON.parse(body), { channel: `a${text.slice(0, 8)}`, event: 'named', data: text });
    }
  });

  test('are lines that a terminal shows as they are', () => {
    for (const text of NASTY) {
      const command = publishCommand(origin, eventOf({ data: text }));
      assert.doesNotMatch(command.replaceAll(' \\\n', ''), /[\p{Cc}\u202e]/u);
    }
  });

  test('leave the name out when it is none', async () => {
    const { body } = await run(publishCommand(origin, eventOf({ name: 'message' })));
    assert.deepEqual(JSON.parse(body), { channel: 'base', data: 'Hello!' });
  });

  test('take 64 KiB of data, however long they are in JSON', async () => {
    for (const data of [
      'x'.repeat(65_536),
      '\u0000'.repeat(65_536),
      "'".repeat(65_536),
      '🎉'.repeat(16_384),
    ]) {
      const { body } = await run(publishCommand(origin, eventOf({ data })));
      assert.equal(JSON.parse(body).data, data);
    }
  });

  test('name the key as a variable, never its value', async () => {
    const command = publishCommand(origin, eventOf({}), { withKey: true });
    assert.match(command, /Bearer \$PUBLISH_KEY/);
    assert.equal((await run(command, { PUBLISH_KEY: 'open-sesame' })).key, 'Bearer open-sesame');
    assert.equal((await run(publishCommand(origin, eventOf({})))).key, undefined);
  });

  test('read exactly that event from the log', async () => {
    const channel = `it's a & b = c # d ? 🎉 %20`;
    const { method, url } = await run(readCommand(origin, eventOf({ channel, id: 'k3f9x2-42' })));
    assert.equal(method, 'GET');
    const query = new URL(url, origin).searchParams;
    assert.deepEqual(
      [...query],
      [
        ['channel', channel],
        ['since', 'k3f9x2-41'],
        ['limit', '1'],
      ],
    );
    assert.match(readCommand(origin, eventOf({ id: 'k3f9x2-1' })), /since=k3f9x2-0&/);
  });

  test('a quoted word is one word, whatever is in it', async () => {
    for (const text of NASTY.filter((text) => !text.includes('\0'))) {
      const shell = spawn('sh', ['-c', `printf '%s' ${quote(text)}`]);
      assert.equal(await outputOf(shell), text);
    }
  });
});

function eventOf(given: object) {
  return { channel: 'base', name: 'message', data: 'Hello!', at: 0, id: 'k3f9x2-2', ...given };
}

/** What the server was asked. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly type: string | undefined;
  readonly key: string | undefined;
}

/** As somebody would who pastes it: on the standard input of a shell. */
async function run(command: string, env: Record<string, string> = {}): Promise<Request> {
  const shell = spawn('sh', ['-s'], { env: { PATH: process.env.PATH, NO_PROXY: '*', ...env } });
  shell.stdin.end(command.replace(/^curl/, 'curl -sS'));
  return JSON.parse(await outputOf(shell));
}

async function outputOf(shell: ReturnType<typeof spawn>): Promise<string> {
  let output = '';
  let wrong = '';
  shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
    wrong += text;
  });
  await once(shell, 'close');
  assert.equal(wrong, '');
  return output;
}
