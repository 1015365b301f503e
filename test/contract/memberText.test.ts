import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memberText } from '../../src/contract/memberText.ts';

test('a value comes out as it was written', () => {
  const values = [
    '1',
    '-1.50e+03',
    '12345678901234567890123456789',
    '0.1000000000000000055511151231257827',
    'true',
    'null',
    '"a"',
    '"\\u0061\\/\\"}],"',
    '""',
    '[]',
    '{}',
    '[ 1,  2 ,\n3 ]',
    '{ "data" : { "data": [ "}" , "]" ] } }',
    '[[[]],{"a":[{}]}]',
  ];
  for (const value of values) {
    assert.equal(memberText(`{"data":${value}}`, 'data'), value);
    assert.equal(memberText(` \n{ "type" :"x", "data"\t: \r\n${value}\n, "id" :7 } `, 'data'), value);
  }
});

test('of equal names the last counts, as in JSON.parse', () => {
  assert.equal(memberText('{"data":1,"data":[2],"a":3}', 'data'), '[2]');
  assert.equal(memberText('{"data":1,"d\\u0061ta":2}', 'data'), '2');
});

test('a name is only found among the object’s own members', () => {
  assert.equal(memberText('{}', 'data'), undefined);
  assert.equal(memberText('{ }', 'data'), undefined);
  assert.equal(memberText('{"a":{"data":1},"b":["data",2],"c":"\\"data\\":3"}', 'data'), undefined);
});

test('whatever the value, its spaces and its escapes, the text that is found says the same value', () => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 3 });
  const name = fc.oneof(fc.constantFrom('type', 'data', 'a"b', '\\', ''), fc.string({ unit: 'binary' }));
  const member = fc.record({
    name,
    value: fc.jsonValue(),
    space: fc.array(space, { minLength: 4, maxLength: 4 }),
  });
  const indent = fc.constantFrom(undefined, 1, '\t', '\r\n ');
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(member),
      fc.array(member),
      indent,
      fc.boolean(),
      (v, before, after, indented, escaped) => {
        const others = (all: typeof before) => all.filter((one) => one.name !== 'data');
        const data = { name: 'data', value: v, space: [' ', '', '\n', '\t'] };
        const members = [...others(before), data, ...others(after)].map(
          ({ name, value, space: [a, b, c, d] }) =>
            `${a}${written(name, escaped)}${b}:${c}${written(value, escaped, indented)}${d}`,
        );
        const json = `{${members.join(',')}}`;
        assert.equal(memberText(json, 'data'), written(v, escaped, indented));
        assert.deepEqual(
          JSON.parse(memberText(json, 'data') as string),
          (JSON.parse(json) as { data: unknown }).data,
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

/** JSON with spaces in it and, if asked for, every character beyond ASCII and every slash escaped. */
function written(value: unknown, escaped: boolean, indent?: string | number): string {
  const json = JSON.stringify(value, undefined, indent);
  if (!escaped) return json;
  return json
    .replaceAll('/', '\\/')
    .replace(/[^ -~\s]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
