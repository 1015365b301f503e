import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gpioHint } from '../../src/sidecar/pinHints.ts';
import { parsePins } from '../../src/sidecar/pins.ts';

/** What newcomers write, and what they are told. */
const written: [text: string, problem: string][] = [
  ['button:17', 'PINS, character 1, "button:17": between name and GPIO there is a "=": write button=17.'],
  ['button 17', 'PINS, character 1, "button 17": between name and GPIO there is a "=": write button=17.'],
  [
    'hall button : 17',
    'PINS, character 1, "hall button : 17": between name and GPIO there is a "=": write hall button=17.',
  ],
  ['17', 'PINS, character 1, "17": a pin needs a name: write button=17.'],
  ['GPIO17', 'PINS, character 1, "GPIO17": a pin needs a name: write button=17.'],
  ['gpio 17', 'PINS, character 1, "gpio 17": a pin needs a name: write button=17.'],
  [
    'led=18, out',
    'PINS, character 9, "out": this is an option: write it behind its pin with a colon, like button=17:out.',
  ],
  [
    'button=17, debounce=5ms',
    'PINS, character 21, "5ms": this is an option: write it behind its pin with a colon, like button=17:debounce=5ms.',
  ],
  ['button=GPIO17', 'PINS, character 8, "GPIO17": write only the number: 17.'],
  ['button=gpio-17', 'PINS, character 8, "gpio-17": write only the number: 17.'],
  ['button=BCM 17', 'PINS, character 8, "BCM 17": write only the number: 17.'],
  ['button=D17', 'PINS, character 8, "D17": write only the number: 17.'],
  ['button=pin11', 'PINS, character 8, "pin11": pin 11 of the header is GPIO 17: write 17.'],
  ['button=#40', 'PINS, character 8, "#40": pin 40 of the header is GPIO 21: write 21.'],
  [
    'button=BOARD 9',
    'PINS, character 8, "BOARD 9": pin 9 of the header is power or ground: no GPIO is there.',
  ],
  [
    'button=pin41',
    'PINS, character 8, "pin41": the GPIO must be a BCM number from 0 to 53, like 17 (that is pin 11 of the header).',
  ],
  ['button=17;led=18:out', 'PINS, character 8, "17;led=18": pins are separated by commas: write 17, led=18.'],
  ['button=17 led=18', 'PINS, character 8, "17 led=18": pins are separated by commas: write 17, led=18.'],
  ['button=17\nled=18', 'PINS, character 8, "17\nled=18": pins are separated by commas: write 17, led=18.'],
  ['button=17 pull-up', 'PINS, character 8, "17 pull-up": options follow with colons: write 17:pull-up.'],
  [
    '"button=17"',
    'PINS, character 9, "17"": leave out the quotation marks: they have become part of the text.',
  ],
  ['button=17:pullup', 'PINS, character 11, "pullup": this is no option: write pull-up.'],
  ['button=17:PULL_UP', 'PINS, character 11, "PULL_UP": this is no option: write pull-up.'],
  ['button=17:Active-Low', 'PINS, character 11, "Active-Low": this is no option: write active-low.'],
  ['button=17:inverted', 'PINS, character 11, "inverted": this is no option: write active-low.'],
  ['led=18:output', 'PINS, character 8, "output": this is no option: write out.'],
  [
    'button=17:debounce',
    'PINS, character 11, "debounce": this is no option: write it with a value: debounce=…',
  ],
  [
    'button=17:Debounce=5ms',
    'PINS, character 11, "Debounce=5ms": this is no option: write it with a value: debounce=…',
  ],
];
test('a pin may be called as an option is', () => {
  assert.deepEqual(parsePins('long=17', 'sse').problems, []);
});

describe('what newcomers write gets a sentence that says what to write', () => {
  for (const [text, problem] of written) {
    test(JSON.stringify(text), () => assert.deepEqual(parsePins(text, 'sse').problems, [problem]));
  }
});

test('each pin of the header is known by its BCM number, or as none', () => {
  const known = Array.from({ length: 40 }, (_, i) => gpioHint(`pin ${i + 1}`, 'button', []) ?? '');
  const numbers = known.map((hint) => /is GPIO (\d+)/.exec(hint)?.[1] ?? '-');
  // Row by row, as `pinout` shows it: the left column and the right one.
  const rows = Array.from({ length: 20 }, (_, row) => `${numbers[2 * row]} ${numbers[2 * row + 1]}`);
  assert.deepEqual(rows, [
    '- -',
    '2 -',
    '3 -',
    '4 14',
    '- 15',
    '17 18',
    '27 -',
    '22 23',
    '- 24',
    '10 -',
    '9 25',
    '11 8',
    '- 7',
    '0 1',
    '5 -',
    '6 12',
    '13 -',
    '19 16',
    '26 20',
    '- 21',
  ]);
});
