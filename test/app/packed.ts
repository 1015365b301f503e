import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import Koa from 'koa';
import Router from 'koa-router';
import { Assets } from '../../src/app/assets.ts';
import { answerErrors } from '../../src/app/errors.ts';
import { Metrics } from '../../src/app/metrics.ts';
import type { Parts } from '../../src/app/parts.ts';
import { pageRoutes } from '../../src/app/routes/page.ts';
import { silentLog } from '../../src/lib/log.ts';

export const SCRIPT = 'export const greeting = "Grüße";\n'.repeat(200);
const PAGE = '<!doctype html><title>Grüße</title>'.repeat(100);

/** What a build leaves: files, and some of them compressed beside it. */
const BUILD: Readonly<Record<string, string | Buffer>> = {
  'pinstream.js': SCRIPT,
  'pinstream.js.br': brotliCompressSync(SCRIPT),
  'pinstream.js.gz': gzipSync(SCRIPT),
  'pinstream.js.map': '{}',
  'client.d.ts': 'export {};',
  'page/index.html': PAGE,
  'page/index.html.br': brotliCompressSync(PAGE),
  'page/index.html.gz': gzipSync(PAGE),
  'page/plain.js': SCRIPT,
  'page/stale.js': SCRIPT,
  'page/stale.js.br': brotliCompressSync(`${SCRIPT}// of an older build`),
  'page/stale.js.gz': gzipSync(SCRIPT).subarray(0, 40),
  'page/words.json': '{}',
  'page/words.txt': 'Grüße',
  'page/lonely.css.br': brotliCompressSync('a{}'),
};

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const asked = request(url, { method, headers, agent: false });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) };
}

/** The routes of the page over such a build. */
export async function served(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-assets-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'page'));
  for (const [name, body] of Object.entries(BUILD)) await writeFile(join(folder, name), body);
  const koa = new Koa();
  koa.use(answerErrors(new Metrics(false), silentLog));
  const router = new Router({ strict: true, sensitive: true });
  pageRoutes(router, { assets: new Assets(folder) } as unknown as Parts);
  koa.use(router.routes());
  const server = createServer(koa.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const UNPACK = { br: brotliDecompressSync, gzip: gunzipSync, none: (body: Buffer) => body };

const accepted: [said: string | undefined, form: keyof typeof UNPACK][] = [
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip, deflate', 'gzip'],
  ['br;q=0.1, gzip', 'br'],
  ['*', 'br'],
  ['BR', 'br'],
  ['br;q=0, gzip', 'gzip'],
  ['br; q=0.0, *', 'gzip'],
  ['br;q=0, gzip;q=0', 'none'],
  ['*;q=0', 'none'],
  ['identity', 'none'],
  ['x-br', 'none'],
  ['', 'none'],
  [undefined, 'none'],
];

/** What holds of files that are compressed already, wherever a browser gets them: `at` answers where that is. */
export function packed(way: string, at: (t: TestContext) => Promise<string>): void {
  describe(`what is compressed already, ${way}`, { timeout: 60_000 }, () => {
    test('is sent so to whoever takes it, brotli first, and is the same when unpacked', async (t) => {
      const url = await at(t);
      for (const [path, whole] of [
        ['/', PAGE],
        ['/pinstream.js', SCRIPT],
        ['/assets/pinstream.js', SCRIPT],
      ] as const) {
        for (const [said, form] of accepted) {
          const what = `${path} for ${said}`;
          const headers: Record<string, string> = said === undefined ? {} : { 'Accept-Encoding': said };
          const got = await get(url + path, headers);
          assert.equal(got.status, 200, what);
          assert.equal(got.headers['content-encoding'], form === 'none' ? undefined : form, what);
          assert.equal(UNPACK[form](got.body).toString(), whole, what);
          assert.equal(got.headers['content-length'], String(got.body.length), what);
          assert.match(String(got.headers.vary), /\bAccept-Encoding\b/, what);
          assert.equal(got.headers['cache-control'], 'no-cache', what);
          // As small as the build made it: nobody has packed it again.
          if (form === 'br') assert.deepEqual(got.body, brotliCompressSync(whole));
          if (form === 'gzip') assert.deepEqual(got.body, gzipSync(whole));
        }
      }
    });

    test('has a tag for each form, by which alone it is unchanged', async (t) => {
      const url = `${await at(t)}/pinstream.js`;
      const forms = ['br', 'gzip', 'identity'];
      const tags: string[] = [];
      for (const form of forms) {
        const { headers } = await get(url, { 'Accept-Encoding': form });
        tags.push(String(headers.etag));
      }
      assert.equal(new Set(tags).size, 3, tags.join());
      for (const form of forms) {
        for (const [i, tag] of tags.entries()) {
          const got = await get(url, { 'Accept-Encoding': form, 'If-None-Match': tag });
          assert.equal(got.status, form === forms[i] ? 304 : 200, `${form} for ${forms[i]}`);
          if (got.status !== 304) continue;
          assert.equal(got.body.length, 0);
          assert.equal(got.headers.etag, tag);
          assert.match(String(got.headers.vary), /\bAccept-Encoding\b/);
        }
      }
    });

    test('is as long for HEAD as for GET', async (t) => {
      const url = `${await at(t)}/pinstream.js`;
      for (const form of ['br', 'gzip', 'identity']) {
        const headers = { 'Accept-Encoding': form };
        const { body } = await get(url, headers);
        const head = await get(url, headers, 'HEAD');
        assert.equal(head.status, 200);
        assert.equal(head.headers['content-length'], String(body.length), form);
        assert.equal(head.headers['content-encoding'], form === 'identity' ? undefined : form);
        assert.equal(head.body.length, 0);
      }
    });

    test('is no file of its own, nor is what only builders need', async (t) => {
      const url = await at(t);
      for (const name of [
        'pinstream.js.br',
        'pinstream.js.gz',
        'page/index.html.br',
        'page/lonely.css.br',
        'page/lonely.css',
        'pinstream.js.map',
        'client.d.ts',
      ]) {
        const got = await get(`${url}/assets/${name}`, { 'Accept-Encoding': 'br' });
        assert.equal(got.status, 404, name);
      }
    });
  });
}
