import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, packed, SCRIPT, served } from './packed.ts';

packed('from the app', async (t) => `http://${await served(t)}`);

test('what is not compressed, or not the same, is sent as it is', async (t) => {
  const app = await served(t);
  for (const name of ['plain.js', 'stale.js']) {
    const got = await get(`http://${app}/assets/page/${name}`, { 'Accept-Encoding': 'br, gzip' });
    assert.equal(got.headers['content-encoding'], undefined, name);
    assert.equal(got.body.toString(), SCRIPT, name);
    assert.equal(got.headers.vary, 'Accept-Encoding', name);
  }
});

test('words and data have a type that says in what letters they are', async (t) => {
  const app = await served(t);
  for (const [name, type] of [
    ['words.json', 'application/json; charset=utf-8'],
    ['words.txt', 'text/plain; charset=utf-8'],
  ]) {
    assert.equal((await get(`http://${app}/assets/page/${name}`)).headers['content-type'], type);
  }
});
