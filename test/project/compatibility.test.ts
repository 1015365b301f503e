import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** docs/compatibility.md speaks of each thing that the seeds did, and what it says is the same is tested. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How many numbered lines each seed has. */
const LINES = { S1: 9, S2: 11, S3: 7, S4: 20, S5: 5, S6: 5, S7: 3, S10: 1 };
const NUMBERS = Object.entries(LINES).flatMap(([seed, count]) =>
  Array.from({ length: count }, (_, i) => `${seed}.${i + 1}`),
);

interface Row {
  readonly number: string;
  readonly there: string;
  readonly here: string;
}

const ROW = /^\| (S\d+\.\d+) \| (.+) \| (.+) \|$/gm;
const page = readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8');
const rows: Row[] = [...page.matchAll(ROW)].map(([, number = '', there = '', here = '']) => ({
  number,
  there,
  here,
}));
const tested = new Set(titles().flatMap((title) => title.match(/\bS\d+\.\d+\b/g) ?? []));

test('the page has a row for each line of the seeds, in their order', () => {
  assert.deepEqual(
    rows.map(({ number }) => number),
    NUMBERS,
  );
});

test('each row says whether it is the same, differs or is not kept, and the latter two why', () => {
  for (const { number, here } of rows) {
    assert.match(here, /^\*\*(Same|Differs|Not kept)\*\*/, number);
    if (here.startsWith('**Not kept**')) assert.match(here, /because|for the same reason/, number);
  }
});

test('what is said to be the same has a test that names it', () => {
  const same = rows.filter(({ here }) => here.includes('**Same**')).map(({ number }) => number);
  assert.deepEqual(
    same.filter((number) => !tested.has(number)),
    [],
  );
});

test('no test names a line that there is not', () => {
  assert.deepEqual(
    [...tested].filter((number) => /^S([1-7]|10)\./.test(number) && !NUMBERS.includes(number)),
    [],
  );
});

function titles(): string[] {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true }).map(String);
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(join(ROOT, 'test', file), 'utf8').matchAll(
        /^\s*(?:test|describe)\(\s*(['"`])(.*)\1,/gm,
      ),
    ])
    .map(([, , title = '']) => title);
}
