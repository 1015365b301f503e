import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Block, blocksOf } from '../../src/browser/client/blocks.ts';

const TEXT = [
  'retry: 2873',
  'id: k3f9x2-41',
  'id: k3f9x2-42\nevent: pinstream\ndata: {"type":"ping","text":"a: b ä 😀"}',
  ': a comment',
  'data: ',
].join('\n\n');

test('each block is told once, whatever pieces it comes in', () => {
  for (let size = 1; size < TEXT.length + 3; size++) {
    const heard: Block[] = [];
    const take = blocksOf((block) => heard.push(block));
    const whole = `${TEXT}\n\nid: begun`;
    for (let at = 0; at < whole.length; at += size) take(whole.slice(at, at + size));
    assert.deepEqual(
      heard.map(({ id, data, retry }) => [id, data, retry]),
      [
        [undefined, undefined, '2873'],
        ['k3f9x2-41', undefined, undefined],
        ['k3f9x2-42', '{"type":"ping","text":"a: b ä 😀"}', undefined],
        [undefined, undefined, undefined],
        [undefined, '', undefined],
      ],
      `in pieces of ${size}`,
    );
  }
});

test('what has not come to its end is not told', () => {
  const take = blocksOf(() => assert.fail('too early'));
  take('data: {"type":"event"}\n');
});
