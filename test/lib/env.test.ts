import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { envTexts } from '../../src/lib/env.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinstream-env-'));
  writeFileSync(join(folder, 'key'), 'k3y\n');
});
after(() => rmSync(folder, { recursive: true }));

test('settings are taken from the environment, and nothing else is', () => {
  assert.deepEqual(envTexts({ PORT: '81', ADOPT: '', PATH: '/bin', port: '82' }), {
    texts: { PORT: '81', ADOPT: '' },
    problems: [],
  });
});

test('a secret may stand in a file', () => {
  const file = join(folder, 'key');
  assert.deepEqual(envTexts({ PUBLISH_KEY_FILE: file }), { texts: { PUBLISH_KEY: 'k3y' }, problems: [] });
  assert.deepEqual(envTexts({ PUBLISH_KEY: '', PUBLISH_KEY_FILE: file }).texts, { PUBLISH_KEY: 'k3y' });
  assert.deepEqual(envTexts({ PUBLISH_KEY: 'a', PUBLISH_KEY_FILE: '' }).texts, { PUBLISH_KEY: 'a' });
});

test('what is no secret has no file', () => {
  assert.deepEqual(envTexts({ PORT_FILE: join(folder, 'key') }), { texts: {}, problems: [] });
});

test('a secret that is set twice, and a file that cannot be read, are mistakes', () => {
  const nowhere = join(folder, 'nowhere');
  const { problems } = envTexts({
    REDIS_URL_FILE: nowhere,
    PUBLISH_KEY: 'a',
    PUBLISH_KEY_FILE: join(folder, 'key'),
    ACCESS_RULES_FILE: folder,
  });
  assert.deepEqual(problems, [
    `REDIS_URL_FILE: cannot read ${nowhere} (ENOENT).`,
    'PUBLISH_KEY and PUBLISH_KEY_FILE are both set: keep one of them.',
    `ACCESS_RULES_FILE: cannot read ${folder} (EISDIR).`,
  ]);
});
