import type { Random } from './random.ts';

const PIECES = [
  'the door',
  'was opened',
  '23.5 °C',
  '"quoted"',
  'a\nsecond line',
  '日本語',
  '{"json":[1]}',
  '🚪',
  'a: b',
  '',
  ' ',
];

/** Some text, now and then with what has to be escaped somewhere. */
export function wordsOf(random: Random): string {
  return Array.from({ length: random.between(0, 6) }, () => random.pick(PIECES)).join(' ');
}
