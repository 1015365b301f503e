import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sessionProblem } from '../../src/contract/session.ts';

test('what a page makes of 128 random bits is a session', () => {
  const words = [
    randomBytes(16).toString('base64url'),
    randomBytes(16).toString('hex'),
    '-'.repeat(22),
    'Z'.repeat(64),
  ];
  assert.deepEqual(
    words.filter((word) => sessionProblem(word) !== undefined),
    [],
  );
});

test('what is shorter, longer or of other characters is none, and the sentence says what is', () => {
  const good = 'a'.repeat(30);
  const others = [
    '',
    'a'.repeat(21),
    'a'.repeat(65),
    `${good}=`,
    `${good}+`,
    `${good}/`,
    `${good}.`,
    `${good} `,
    `${good}\n`,
    `\n${good}`,
    `${good}é`,
    `${good}\0`,
  ];
  for (const word of others) {
    assert.match(sessionProblem(word) ?? '', /^A session is a random word of 22 to 64 characters of .*\.$/);
  }
});
