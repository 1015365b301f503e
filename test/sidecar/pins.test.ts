import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePins } from '../../src/sidecar/pins.ts';

const BUTTON = {
  name: 'button',
  gpio: 17,
  activeLow: true,
  direction: 'in',
  pull: 'as-is',
  debounce: 25,
  long: 800,
  double: 300,
};
const LED = { name: 'led', gpio: 18, activeLow: false, direction: 'out', initial: 0, safe: 0 };

function pinsOf(text: string): unknown[] {
  const { pins, problems } = parsePins(text, 'sse');
  assert.deepEqual(problems, []);
  return pins;
}

function problemsOf(text: string, announce = 'sse'): string[] {
  return parsePins(text, announce).problems;
}

test('an input and an output, with their defaults', () => {
  assert.deepEqual(pinsOf('button=17, led=18:out'), [BUTTON, LED]);
});

test('every option of an input', () => {
  assert.deepEqual(pinsOf('door=27:in:active-high:pull-down:debounce=50ms:long=2s:double=0'), [
    {
      name: 'door',
      gpio: 27,
      activeLow: false,
      direction: 'in',
      pull: 'pull-down',
      debounce: 50,
      long: 2000,
      double: 0,
    },
  ]);
  assert.deepEqual(pinsOf('button=17:active-low:pull-up'), [{ ...BUTTON, pull: 'pull-up' }]);
  assert.deepEqual(pinsOf('button=17:none:debounce=0ms'), [{ ...BUTTON, pull: 'none', debounce: 0 }]);
});

test('every option of an output', () => {
  assert.deepEqual(pinsOf('led=18:out:active-low:initial=1:safe=1'), [
    { ...LED, activeLow: true, initial: 1, safe: 1 },
  ]);
  assert.deepEqual(pinsOf('led=18:safe=0:out'), [LED]);
});

test('spaces, lines and colons in a name', () => {
  assert.deepEqual(pinsOf('\n  button = 17 : in ,\n led=18 : out '), [BUTTON, LED]);
  assert.deepEqual(pinsOf('hall:button=17'), [{ ...BUTTON, name: 'hall:button' }]);
});

test('impossible pins are refused', () => {
  for (const gpio of ['x7', '54', '529', '-1', '1.5', '+17', 'NaN', '0x11', '1e1', '１７', '']) {
    const said = gpio === '' ? '' : `, "${gpio}"`;
    assert.deepEqual(problemsOf(`a=${gpio}`), [
      `PINS, character 3${said}: the GPIO must be a BCM number from 0 to 53, like 17 (that is pin 11 of the header).`,
    ]);
  }
});

test("the first and the last are possible, and so are the two that a HAT's chip is read from at boot", () => {
  const gpios = pinsOf('a=0, b=1, c=53').map((pin) => (pin as { gpio: number }).gpio);
  assert.deepEqual(gpios, [0, 1, 53]);
});

test('each option alone does what it says, and nothing else', () => {
  const cases: [option: string, what: object][] = [
    ['in', {}],
    ['active-low', {}],
    ['active-high', { activeLow: false }],
    ['pull-up', { pull: 'pull-up' }],
    ['pull-down', { pull: 'pull-down' }],
    ['none', { pull: 'none' }],
    ['debounce=0', { debounce: 0 }],
    ['debounce=299ms', { debounce: 299 }],
    ['debounce=300ms', { debounce: 300, double: 0 }],
    ['debounce=1s', { debounce: 1000, double: 0, long: 0 }],
    ['debounce=1.5ms', { debounce: 1.5 }],
    ['long=0', { long: 0 }],
    ['long=1m', { long: 60_000 }],
    ['double=0', { double: 0 }],
    ['double=26ms', { double: 26 }],
    ['long=26ms', { long: 26 }],
    ['double=5s', { double: 5000 }],
  ];
  for (const [option, what] of cases)
    assert.deepEqual(pinsOf(`button=17:${option}`), [{ ...BUTTON, ...what }]);
  const outputs: [option: string, what: object][] = [
    ['active-high', {}],
    ['active-low', { activeLow: true }],
    ['initial=1', { initial: 1 }],
    ['initial=0', {}],
    ['safe=1', { safe: 1 }],
    ['safe=0', {}],
  ];
  for (const [option, what] of outputs)
    assert.deepEqual(pinsOf(`led=18:out:${option}`), [{ ...LED, ...what }]);
});

describe('mistakes, each with its position and what would be right', () => {
  const OPTIONS =
    'in, out, active-high, active-low, pull-up, pull-down, none, debounce=, long=, double=, initial=, safe=';
  const wrong: [text: string, problem: string][] = [
    ['', 'PINS, character 1: a pin is written as NAME=GPIO, like button=17 or led=18:out.'],
    ['button', 'PINS, character 1, "button": a pin is written as NAME=GPIO, like button=17 or led=18:out.'],
    ['button=17,', 'PINS, character 11: a pin is written as NAME=GPIO, like button=17 or led=18:out.'],
    [
      'device=17',
      'PINS, character 1, "device=17": "device" is the channel of the device itself: choose another name.',
    ],
    [
      'sse=17',
      'PINS, character 1, "sse=17": "sse" is the channel that presses are announced on (ANNOUNCE): choose another name.',
    ],
    [
      '__x=17',
      'PINS, character 1, "__x=17": a pin\'s name is the channel of its events. Channels that begin with "__" are for Redis itself.',
    ],
    [
      '=17',
      'PINS, character 1, "=17": a pin\'s name is the channel of its events. A channel needs a name of 1 to 200 bytes.',
    ],
    ['a=17:inn', `PINS, character 6, "inn": this is no option: there are ${OPTIONS}.`],
    ['a=17:constructor', `PINS, character 6, "constructor": this is no option: there are ${OPTIONS}.`],
    ['a=17:', `PINS, character 6: this is no option: there are ${OPTIONS}.`],
    ['a=17:in:in', 'PINS, character 9, "in": "in" has decided that already: keep one of them.'],
    ['a=17:in:out', 'PINS, character 9, "out": "in" has decided that already: keep one of them.'],
    [
      'a=17:active-low:active-high',
      'PINS, character 17, "active-high": "active-low" has decided that already: keep one of them.',
    ],
    [
      'a=17:long=1s:long=2s',
      'PINS, character 14, "long=2s": "long=1s" has decided that already: keep one of them.',
    ],
    [
      'a=17:pull-up:none',
      'PINS, character 14, "none": "pull-up" has decided that already: keep one of them.',
    ],
    [
      'a=17:debounce=banana',
      'PINS, character 6, "debounce=banana": debounce must be a time like 25ms, or 0 for none.',
    ],
    [
      'a=17:debounce=25',
      'PINS, character 6, "debounce=25": debounce must be a time like 25ms, or 0 for none.',
    ],
    ['a=17:long=3000', 'PINS, character 6, "long=3000": long must be a time like 3000ms, or 0 for none.'],
    ['a=17:double=x', 'PINS, character 6, "double=x": double must be a time like 300ms, or 0 for none.'],
    [
      'a=17:debounce=-5ms',
      'PINS, character 6, "debounce=-5ms": debounce must be a time like 25ms, or 0 for none.',
    ],
    ['a=17:debounce=2s', 'PINS, character 6, "debounce=2s": debounce is at most 1s.'],
    ['a=17:long=2m', 'PINS, character 6, "long=2m": long is at most 60s.'],
    ['a=17:double=6s', 'PINS, character 6, "double=6s": double is at most 5s.'],
    [
      'a=17:double=25ms',
      'PINS, character 6, "double=25ms": double must be longer than debounce, which is 25ms, within which a second press counts as bouncing: write more, or double=0 for none.',
    ],
    [
      'a=17:double=300ms:debounce=0.5s',
      'PINS, character 6, "double=300ms": double must be longer than debounce, which is 500ms, within which a second press counts as bouncing: write more, or double=0 for none.',
    ],
    [
      'a=17:long=25ms',
      'PINS, character 6, "long=25ms": long must be longer than debounce, which is 25ms, or each press is a long one: write more, or long=0 for none.',
    ],
    ['a=18:out:initial=on', 'PINS, character 10, "initial=on": initial must be 1 (on) or 0 (off).'],
    ['a=18:out:initial=2', 'PINS, character 10, "initial=2": initial must be 1 (on) or 0 (off).'],
    ['a=18:out:safe=', 'PINS, character 10, "safe=": safe must be 1 (on) or 0 (off).'],
    [
      'a=18:out:debounce=5ms',
      'PINS, character 10, "debounce=5ms": this is for inputs, and a is an output: leave it out.',
    ],
    [
      'a=18:pull-up:out',
      'PINS, character 6, "pull-up": this is for inputs, and a is an output: leave it out.',
    ],
    ['a=17:safe=1', 'PINS, character 6, "safe=1": this is for outputs, and a is an input: leave it out.'],
    [
      'a=17,b=4, a=18',
      'PINS, character 11, "a=18": the name a is used at character 1 already: each pin needs its own.',
    ],
    [
      'a=17, b=17',
      'PINS, character 7, "b=17": GPIO 17 is used at character 1 already: each pin needs its own.',
    ],
  ];
  for (const [text, problem] of wrong) {
    test(JSON.stringify(text), () => assert.deepEqual(problemsOf(text), [problem]));
  }
});

test('all mistakes are said at once, and in the order of the text, and the good pins are still read', () => {
  const { pins, problems } = parsePins('button=99:in:debounce=x, button=17, led=18:out:long=1s:glow', 'sse');
  assert.deepEqual(
    problems.map((problem) => problem.slice(0, problem.indexOf(':'))),
    [
      'PINS, character 8, "99"',
      'PINS, character 14, "debounce=x"',
      'PINS, character 26, "button=17"',
      'PINS, character 48, "long=1s"',
      'PINS, character 56, "glow"',
    ],
  );
  assert.deepEqual(
    pins.map(({ name, gpio }) => [name, gpio]),
    [
      ['button', 17],
      ['led', 18],
    ],
  );
});

test('two mistakes of one pin are both said, and a second use of a GPIO and of a name at once', () => {
  const wrong = 'a=17, a=17:pull-up:pull-down:glow';
  assert.deepEqual(problemsOf(wrong), [
    'PINS, character 7, "a=17:pull-up:pull-down:glow": the name a is used at character 1 already: each pin needs its own.',
    'PINS, character 7, "a=17:pull-up:pull-down:glow": GPIO 17 is used at character 1 already: each pin needs its own.',
    'PINS, character 20, "pull-down": "pull-up" has decided that already: keep one of them.',
    'PINS, character 30, "glow": this is no option: there are in, out, active-high, active-low, pull-up, pull-down, none, debounce=, long=, double=, initial=, safe=.',
  ]);
});

test('GPIO 017 is GPIO 17, also as a duplicate', () => {
  assert.deepEqual(pinsOf('button=017'), [BUTTON]);
  assert.deepEqual(problemsOf('a=17, b=017'), [
    'PINS, character 7, "b=017": GPIO 17 is used at character 1 already: each pin needs its own.',
  ]);
});

test('a pin whose name or GPIO is wrong is left out', () => {
  assert.deepEqual(parsePins('device=17, a=99', 'sse').pins, []);
});

test('a pin may be named as the default channel when presses are announced elsewhere or nowhere', () => {
  assert.deepEqual(problemsOf('sse=17', 'presses'), []);
  assert.deepEqual(problemsOf('sse=17', ''), []);
});
