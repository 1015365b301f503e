import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Payload, parsePayload } from '../../src/contract/payload.ts';

/** What each text means, compared whole. */
function assertMeanings(meanings: [text: string, payload: Payload][]): void {
  assert.deepEqual(
    meanings.map(([text]) => [text, parsePayload(text)]),
    meanings,
  );
}

/** The text itself is the message. */
function assertMessages(texts: string[]): void {
  assertMeanings(texts.map((text) => [text, { name: 'message', data: text }]));
}

describe('a pair of name and data', () => {
  test('is a named event', () => {
    const logs = '["myevent", "{\\"line\\": \\"Something happened\\"}"]';
    assertMeanings([
      [logs, { name: 'myevent', data: '{"line": "Something happened"}', raw: logs }],
      [' [ "ev" , "" ] ', { name: 'ev', data: '', raw: ' [ "ev" , "" ] ' }],
      ['["ev","a\\r\\nb\\u0000"]', { name: 'ev', data: 'a\r\nb\0', raw: '["ev","a\\r\\nb\\u0000"]' }],
      ['["double-click","🔘"]', { name: 'double-click', data: '🔘', raw: '["double-click","🔘"]' }],
    ]);
  });

  test('may have its data as a list of lines, each of which may have lines (S2.5)', () => {
    assertMeanings([
      ['["ev",["a","b"]]', { name: 'ev', data: 'a\nb', raw: '["ev",["a","b"]]' }],
      [
        '["ev",["a\\nb","","c\\r\\nd"]]',
        { name: 'ev', data: 'a\nb\n\nc\r\nd', raw: '["ev",["a\\nb","","c\\r\\nd"]]' },
      ],
      ['["ev",["a"]]', { name: 'ev', data: 'a', raw: '["ev",["a"]]' }],
      ['["ev",[]]', { name: 'ev', data: '', raw: '["ev",[]]' }],
    ]);
  });

  test('is a message if its name is empty or says so', () => {
    assertMeanings([
      ['["","a"]', { name: 'message', data: 'a', raw: '["","a"]' }],
      ['["message","a"]', { name: 'message', data: 'a', raw: '["message","a"]' }],
    ]);
  });

  test('is a message, and counted, if its name is reserved', () => {
    for (const name of ['pinstream', 'open', 'error']) {
      const text = JSON.stringify([name, 'a']);
      assertMeanings([[text, { name: 'message', data: 'a', raw: text, renamed: true }]]);
    }
  });

  test('is none when a name is none: then the text is the message', () => {
    assertMessages([
      '["a\\nb","x"]',
      '["a\\rb","x"]',
      '["a\\r\\nb",["x"]]',
      '["a\\u0000","x"]',
      JSON.stringify(['n'.repeat(201), 'x']),
    ]);
  });
});

describe('any other array', () => {
  test('is the message, as it was written (S4)', () => {
    assertMessages([
      '["ev"]',
      '[]',
      '[1,2,3]',
      '[1, 2, 3]',
      '[ 123,\n124]',
      '["ev",1]',
      '["ev",null]',
      '["ev",{"a":1}]',
      '["ev",["a",1]]',
      '["ev","a","b"]',
      '[1,"a"]',
      '[["ev","a"]]',
      '[12345678901234567890]',
    ]);
  });
});

describe('an object with data', () => {
  test('is an event, named if it has a type (S7.1)', () => {
    assertMeanings([
      ['{"data":"a"}', { name: 'message', data: 'a', raw: '{"data":"a"}' }],
      ['{"data":"a","type":"ev"}', { name: 'ev', data: 'a', raw: '{"data":"a","type":"ev"}' }],
      ['{"event":"ev","data":"a"}', { name: 'ev', data: 'a', raw: '{"event":"ev","data":"a"}' }],
      ['{"data":"","type":""}', { name: 'message', data: '', raw: '{"data":"","type":""}' }],
      ['{"data":"a","type":null}', { name: 'message', data: 'a', raw: '{"data":"a","type":null}' }],
      [
        '{"data":"a\\nb","type":"message"}',
        { name: 'message', data: 'a\nb', raw: '{"data":"a\\nb","type":"message"}' },
      ],
    ]);
  });

  test('has data of any kind, as it was written', () => {
    for (const data of ['{ "a" : 1.0 }', '[1,  2]', '12345678901234567890', 'null', 'false', '{}', '1e2']) {
      const text = `{"type":"ev", "data" : ${data} }`;
      assertMeanings([[text, { name: 'ev', data, raw: text }]]);
    }
  });

  test('loses an id and a retry that are not ours', () => {
    const text = '{"data":{"message":"Hello!"},"type":"greeting","id":"7\\n8","retry":1}';
    assertMeanings([[text, { name: 'greeting', data: '{"message":"Hello!"}', raw: text }]]);
  });

  test('is a message, and counted, if its name is reserved', () => {
    const text = '{"data":1,"type":"error"}';
    assertMeanings([[text, { name: 'message', data: '1', raw: text, renamed: true }]]);
  });

  test('is none when something else is in it, or a name is none: then the text is the message', () => {
    assertMessages([
      '{}',
      '{"type":"ev"}',
      '{"data":1,"more":2}',
      '{"data":1,"__proto__":{"type":"ev"}}',
      '{"__proto__":{"data":1}}',
      '{"data":1,"type":7}',
      '{"data":1,"type":["ev"]}',
      '{"data":1,"type":"a\\nb"}',
      '{"Data":1}',
      '{ "temperature": 21.50 }',
    ]);
  });
});

describe('any other text', () => {
  test('is the message', () => {
    assertMessages([
      '',
      ' ',
      'hello',
      '{broken',
      '[broken',
      '["ev","a"',
      '["ev","a"]]',
      '{"data":1,}',
      "{'data': 1}",
      '"ev"',
      '1',
      'true',
      'null',
      'NaN',
      'a\nb',
      'data: a\n\nevent: b\ndata: c\n\n',
      '\r\n',
      '\0',
      '\u2028',
      '\ufeff["ev","a"]',
      '🔘',
      '\ud83d',
    ]);
  });

  test('may be deeply nested', () => {
    const depth = 16_000;
    const array = '['.repeat(depth) + ']'.repeat(depth);
    const objects = '{"a":'.repeat(6_000) + 1 + '}'.repeat(6_000);
    assertMessages([array, objects, '['.repeat(depth), '{"data":'.repeat(depth)]);
    assertMeanings([[`{"data":${array}}`, { name: 'message', data: array, raw: `{"data":${array}}` }]]);
  });

  test('may have 64 KiB', () => {
    const long = 'a'.repeat(65_536 - '["ev",""]'.length);
    assertMessages(['a'.repeat(65_536), JSON.stringify({ data: [long], more: 1 })]);
    assertMeanings([[`["ev","${long}"]`, { name: 'ev', data: long, raw: `["ev","${long}"]` }]]);
  });
});

test('whatever is published, it is an event that can be kept and sent', () => {
  const shaped = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .tuple(fc.string({ unit: 'binary' }), fc.oneof(fc.string(), fc.array(fc.string())))
      .map((pair) => JSON.stringify(pair)),
    fc
      .record(
        { data: fc.jsonValue(), type: fc.oneof(fc.string(), fc.jsonValue()), id: fc.jsonValue() },
        { requiredKeys: ['data'] },
      )
      .map((object) => JSON.stringify(object)),
  );
  fc.assert(
    fc.property(shaped, (text) => {
      const { name, data, raw } = parsePayload(text);
      assert.match(name, /^[^\p{Cc}]+$/u);
      assert.ok(!['pinstream', 'open', 'error'].includes(name));
      assert.equal(typeof data, 'string');
      // The text as it came is never lost: it is what the `sse` dialect sends.
      assert.equal(raw ?? data, text);
    }),
    { numRuns: 3_000 },
  );
});
