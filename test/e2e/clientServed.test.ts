import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Process } from '../support/process.ts';
import { startedApp } from '../support/startedApp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('is one file of less than 6 KB compressed, which asks for nothing else', async () => {
  const closing: (() => Promise<unknown>)[] = [];
  const { url } = await startedApp(closing);
  const response = await fetch(`${url}/pinstream.js`);
  const text = await response.text();
  for (const close of closing) await close();
  assert.match(response.headers.get('content-type') ?? '', /javascript/);
  const asks = /(^|[;}])import\b|\bimport\(|importScripts|require\(/.exec(text);
  assert.equal(asks?.[0], undefined);
  assert.ok(gzipSync(text).length < 6_000, `${gzipSync(text).length} bytes`);
});

test('`pinstream/client` is imported with its types, as bundlers and as Node resolve it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-types-'));
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
    // @ts-expect-error
    pinstream({ channel: 'button' });
    // @ts-expect-error
    stream.on('button', 'press');
    // @ts-expect-error
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
  await rm(folder, { recursive: true });
});
