import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startApp } from '../support/app.ts';
import { Process } from '../support/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('is one file of less than 6 KB compressed, which asks for nothing else', async (t) => {
  const { url, stop } = await startApp();
  t.after(stop);
  const response = await fetch(`${url}/pinstream.js`);
  const text = await response.text();
  assert.match(response.headers.get('content-type') ?? '', /javascript/);
  const asks = /(^|[;}])import\b|\bimport\(|importScripts|require\(/.exec(text);
  assert.equal(asks?.[0], undefined);
  assert.ok(gzipSync(text).length < 6_000, `${gzipSync(text).length} bytes`);
});

test('`pinstream/client` is imported with its types, as bundlers and as Node resolve it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-types-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules/pinstream'));
  await writeFile(
    join(folder, 'page.mts'),
    `import { pinstream, type PinstreamEvent, type Status } from 'pinstream/client';
    const stream = pinstream({ channels: ['button'], last: 3, token: async () => 't', onStatus: (status: Status) => status.state });
    const stop: () => void = stream.on('button', 'press', ({ channel, at }: PinstreamEvent) => [channel.length, at.toFixed()]);
    stream.on('*', ({ data }) => data.length);
    stream.channels.add('a', 'b');
    for (const name of stream.channels) name.length;
    for await (const { id } of stream) id.length;
    const { id, streams }: { id: string; streams: number | null } = await stream.publish({ channel: 'a', data: [1] });
    // @ts-expect-error it is "channels", and they are needed
    pinstream({ channel: 'button' });
    // @ts-expect-error without a function nobody hears
    stream.on('button', 'press');
    // @ts-expect-error no such state; it is "live"
    if (stream.status.state === 'open') stop();
    export { id, streams };`,
  );
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const most = '--noEmit --strict --target es2022 --lib es2023,dom,dom.iterable --types ""';
  for (const way of ['--module esnext --moduleResolution bundler', '--module nodenext']) {
    const command = new Process(`cd ${folder} && ${tsc} ${most} ${way} page.mts`);
    const code = await command.ended();
    assert.equal(`${command.output}${command.errors}`, '', way);
    assert.equal(code, 0);
  }
});
