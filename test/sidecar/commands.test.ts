import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PinCommand } from '../../src/contract/device.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Commands } from '../../src/sidecar/commands.ts';
import type { Driver } from '../../src/sidecar/drivers/driver.ts';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { MockDriver } from '../../src/sidecar/drivers/mock.ts';
import { MOST_WAITING } from '../../src/sidecar/drivers/mockButton.ts';
import { Pin } from '../../src/sidecar/pin.ts';
import { parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock } from '../support/clock.ts';
import { FakeDriver } from '../support/fakeDriver.ts';

async function commandsOf(driver: Driver, clock = new FakeClock()) {
  const told: string[] = [];
  const held: (number | undefined)[] = [];
  const pins = parsePins('button=17, led=18:out', 'sse').pins.map(
    (spec) =>
      new Pin({
        spec,
        driver,
        clock,
        log: silentLog,
        made: (_, made) => {
          told.push(made.gesture);
          held.push(made.held);
        },
        changed: () => {},
      }),
  );
  await Promise.all(pins.map((pin) => pin.start()));
  const commands = new Commands(pins, driver);
  return { told, held, clock, answer: (command: unknown) => commands.answer(command as PinCommand) };
}

async function mocked() {
  const clock = new FakeClock();
  return commandsOf(new MockDriver(clock), clock);
}

test('the mock presses an input, and answers before the press is over', async () => {
  const { answer, clock, told } = await mocked();
  assert.deepEqual(await answer({ pin: 'button', press: 120 }), {
    ok: true,
    pin: { name: 'button', gpio: 17, direction: 'in', level: 0 },
  });
  clock.advance(1000);
  assert.deepEqual(told, ['press', 'release', 'click']);
});

test('an output is set and its level read back', async () => {
  const { answer } = await mocked();
  assert.deepEqual(await answer({ pin: 'led', value: 1 }), {
    ok: true,
    pin: { name: 'led', gpio: 18, direction: 'out', level: 1 },
  });
});

test('a pulse and a blink are answered at once, not at their end', async () => {
  const { answer } = await mocked();
  const led = { name: 'led', gpio: 18, direction: 'out', level: 1 };
  assert.deepEqual(await answer({ pin: 'led', pulse: 3_600_000 }), { ok: true, pin: led });
  assert.deepEqual(await answer({ pin: 'led', blink: 20, times: 1000 }), {
    ok: true,
    pin: { ...led, blink: 20 },
  });
});

test('a press as short as the debounce window is still a press', async () => {
  const { answer, clock, told } = await mocked();
  assert.equal((await answer({ pin: 'button', press: 25 })).ok, true);
  clock.advance(1000);
  assert.deepEqual(told, ['press', 'release', 'click']);
});

test('held for 1.2 s as a browser holds it: a press, a long press, and a release that says for how long', async () => {
  const { answer, clock, told, held } = await mocked();
  const button = { name: 'button', gpio: 17, direction: 'in', level: 0 };
  assert.deepEqual(await answer({ pin: 'button', hold: 1500 }), { ok: true, pin: button });
  clock.advance(500);
  assert.deepEqual(await answer({ pin: 'button', hold: 1500 }), { ok: true, pin: { ...button, level: 1 } });
  clock.advance(500);
  await answer({ pin: 'button', hold: 1500 });
  clock.advance(200);
  assert.equal((await answer({ pin: 'button', hold: 0 })).ok, true);
  clock.advance(5000);
  assert.deepEqual(told, ['press', 'long-press', 'release']);
  assert.deepEqual(held, [undefined, 800, 1200]);
});

test('a browser that vanished holds no longer than it said last', async () => {
  const { answer, clock, told, held } = await mocked();
  await answer({ pin: 'button', hold: 1500 });
  clock.advance(500);
  await answer({ pin: 'button', hold: 1500 });
  clock.advance(60_000);
  assert.deepEqual(told, ['press', 'long-press', 'release']);
  assert.deepEqual(held.at(-1), 2000);
});

test('two taps with a finger, however quick, are a double click', async () => {
  const { answer, clock, told } = await mocked();
  for (let tap = 0; tap < 2; tap++) {
    await answer({ pin: 'button', hold: 1500 });
    clock.advance(1);
    await answer({ pin: 'button', hold: 0 });
    clock.advance(1);
  }
  clock.advance(1000);
  assert.deepEqual(told, ['press', 'release', 'press', 'release', 'double-click']);
});

const HOLD = '"hold" must be a whole number of milliseconds from 20 to 60000, or 0 to let go.';
const PRESS = '"press" must be a whole number of milliseconds from 1 to 60000.';
const PULSE = '"pulse" must be a whole number of milliseconds from 1 to 3600000.';
const BLINK = '"blink" must be a whole number of milliseconds from 20 to 60000.';
const refusals: [command: unknown, refused: string, error: string][] = [
  [{ pin: 'bell', press: 100 }, 'unknown-pin', 'There is no pin "bell": the pins are button, led.'],
  [{ pin: '__proto__', value: 1 }, 'unknown-pin', 'There is no pin "__proto__": the pins are button, led.'],
  [{ pin: 'led', press: 100 }, 'not-possible', 'led is an output: set it, with {"value": 1}.'],
  [{ pin: 'led', hold: 500 }, 'not-possible', 'led is an output: set it, with {"value": 1}.'],
  [{ pin: 'led', hold: 0 }, 'not-possible', 'led is an output: set it, with {"value": 1}.'],
  [{ pin: 'button', hold: 19 }, 'not-possible', HOLD],
  [{ pin: 'button', hold: 60_001 }, 'not-possible', HOLD],
  [{ pin: 'button', hold: -1 }, 'not-possible', HOLD],
  [{ pin: 'button', hold: 20.5 }, 'not-possible', HOLD],
  [{ pin: 'button', hold: false }, 'not-possible', HOLD],
  [
    { pin: 'button', press: 100, hold: 0 },
    'not-possible',
    '"press" and "hold" are two commands: send one of them.',
  ],
  [{ pin: 'button', value: 1 }, 'not-possible', 'button is an input: PINS has outputs as button=17:out.'],
  [{ pin: 'button', pulse: 100 }, 'not-possible', 'button is an input: PINS has outputs as button=17:out.'],
  [{ pin: 'button', blink: 100 }, 'not-possible', 'button is an input: PINS has outputs as button=17:out.'],
  [{ pin: 'led', value: 2 }, 'not-possible', '"value" must be 0 or 1.'],
  [{ pin: 'led', pulse: 0 }, 'not-possible', PULSE],
  [{ pin: 'led', pulse: 3_600_001 }, 'not-possible', PULSE],
  [{ pin: 'led', blink: 19 }, 'not-possible', BLINK],
  [{ pin: 'led', blink: '500' }, 'not-possible', BLINK],
  [{ pin: 'led', blink: 500, times: 0 }, 'not-possible', '"times" must be a whole number from 1 to 1000.'],
  [{ pin: 'led', pulse: 500, times: 3 }, 'not-possible', '"times" goes with "blink" only.'],
  [
    { pin: 'led', value: 1, blink: 500 },
    'not-possible',
    '"value" and "blink" are two commands: send one of them.',
  ],
  [{ pin: 'button', press: 0 }, 'not-possible', PRESS],
  [{ pin: 'button', press: 60_001 }, 'not-possible', PRESS],
  [{ pin: 'button', press: '120' }, 'not-possible', PRESS],
  [
    { pin: 'button', press: 24 },
    'not-possible',
    'button takes what is shorter than 25 ms for bouncing: press longer.',
  ],
  [
    { pin: 'led' },
    'not-possible',
    'Send {"value": 1}, {"pulse": 500} or {"blink": 500} to an output, or {"press": 120} or {"hold": 1500} to a button of the mock.',
  ],
];
for (const [command, refused, error] of refusals) {
  test(`${JSON.stringify(command)} is refused: ${refused}`, async () => {
    const { answer } = await mocked();
    assert.deepEqual(await answer(command), { ok: false, refused, error });
  });
}

test('a press that would wait too long is refused', async () => {
  const { answer } = await mocked();
  for (let i = 0; i <= MOST_WAITING; i++) await answer({ pin: 'button', press: 100 });
  assert.deepEqual(await answer({ pin: 'button', press: 100 }), {
    ok: false,
    refused: 'not-possible',
    error: '20 presses of button wait already: try again when they are done.',
  });
});

for (const command of [{ press: 100 }, { hold: 1500 }, { hold: 0 }]) {
  test(`a real button is no business of ${JSON.stringify(command)}`, async () => {
    const { answer } = await commandsOf(new FakeDriver());
    assert.deepEqual(await answer({ pin: 'button', ...command }), {
      ok: false,
      refused: 'not-possible',
      error:
        'button is a real button, which only a finger presses: GPIO_DRIVER=mock has buttons for commands.',
    });
  });
}

test('a pin that fails answers with its problem', async () => {
  const driver = new FakeDriver();
  driver.problem = new LineProblem('GPIO 18 is in use: end the other program.');
  const { answer } = await commandsOf(driver);
  assert.deepEqual(await answer({ pin: 'led', value: 1 }), {
    ok: false,
    refused: 'failing',
    error: 'GPIO 18 is in use: end the other program.',
  });
});
