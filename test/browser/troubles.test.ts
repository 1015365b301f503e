import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonHint } from '../../src/browser/page/jsonHint.ts';
import { connectionTrouble, deviceTroubles, storeTrouble } from '../../src/browser/page/troubles.ts';

describe('what is wrong, in words', () => {
  test('nothing, when nothing is', () => {
    assert.equal(connectionTrouble({ state: 'live', reason: '' }, 'ready', true), undefined);
    assert.equal(storeTrouble('ready'), undefined);
    assert.equal(storeTrouble('silent'), undefined, 'who does not answer has not said that Redis is away');
    assert.deepEqual(deviceTroubles({ state: 'online', driver: 'mock', pins: [] }), []);
    assert.deepEqual(
      deviceTroubles({ state: 'offline', driver: null, pins: [] }),
      [],
      'the device says it itself',
    );
  });

  test('why there is no stream: this device, the server, or what it says', () => {
    const waiting = { state: 'waiting', reason: 'Too many streams.' } as const;
    assert.equal(connectionTrouble(waiting, 'silent', false)?.title, 'This device is offline');
    assert.equal(connectionTrouble(waiting, 'silent', true)?.title, 'The server does not answer');
    assert.match(connectionTrouble(waiting, 'ready', true)?.text ?? '', /^Too many streams\. /);
    assert.match(
      connectionTrouble({ state: 'stopped', reason: 'No.' }, 'ready', true)?.text ?? '',
      /^No\. Load/,
    );
  });

  test('Redis, and what else keeps the server from serving', () => {
    const redis = storeTrouble({ problem: 'Redis at localhost:6379 cannot be reached. Is it running?' });
    assert.equal(redis?.title, 'Redis is away');
    assert.match(redis?.text ?? '', /^Redis at localhost:6379 cannot be reached\. Is it running\? Until/);
    const stopping = storeTrouble({ problem: 'This app is about to stop.' });
    assert.deepEqual(
      [stopping?.title, stopping?.text],
      ['The server is not ready', 'This app is about to stop.'],
    );
  });
});

describe('text that is probably meant as JSON', () => {
  const hints: readonly [string, RegExp | ''][] = [
    ['', ''],
    ['Hello!', ''],
    ['12', ''],
    ['{"a": [1, {"b": "}"}]}', ''],
    ['{"a": 1,}', /a comma stands before its end/],
    ['{"a": 1', /its \{ and \} do not match/],
    ['[1, 2', /its \[ and \] do not match/],
    ['{"a: 1}', /a quotation mark is not closed/],
    ["{'a': 1}", /need double quotation marks/],
    ['{a: 1}', /the name of a member has no quotation marks/],
    ['{"a" 1}', /a JSON parser does not take it/],
    ['["it\'s {fine}",}', /do not match/],
  ];
  for (const [text, hint] of hints) {
    test(text || 'nothing', () => {
      if (hint === '') assert.equal(jsonHint(text), '');
      else assert.match(jsonHint(text), hint);
    });
  }
});
