import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { PinCommand } from '../../src/contract/device.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';
import type { Driver } from '../../src/sidecar/drivers/driver.ts';
import { MockDriver } from '../../src/sidecar/drivers/mock.ts';
import { PAUSE } from '../../src/sidecar/drivers/mockButton.ts';
import { OnoffDriver } from '../../src/sidecar/drivers/onoff.ts';
import type { Delays } from '../../src/sidecar/loopDelays.ts';
import { Sidecar } from '../../src/sidecar/sidecar.ts';
import { FakeClock } from '../support/clock.ts';
import { fakeOnoff } from '../support/fakeOnoff.ts';
import { fakeSysfs } from '../support/fakeSysfs.ts';
import { heldStore } from '../support/heldBus.ts';
import { loggedLines } from '../support/logged.ts';

/** The mock is worth nothing if a press of its own is not told as one of a real button is: the same hands, the same
 * events. Only presses that follow one another within PAUSE differ: those the mock keeps apart. */

/** Of the machine that the tests run on nothing is to be told: it may be busy. */
const NO_DELAYS: Delays = { start() {}, stop() {}, take: () => [] };

/** Waits for so long, then presses the button for so long, and waits until that is over; or gives a command. */
type Step = readonly [wait: number, press: number] | PinCommand;

/** A pin's end of the wire: what a finger does. */
interface Rig {
  readonly driver: Driver;
  readonly name: string;
  press(ms: number): Promise<void>;
}

type Build = (t: TestContext, clock: FakeClock, store: ReturnType<typeof heldStore>, rest: 0 | 1) => Rig;

const mockRig: Build = (_t, clock, { board }) => ({
  driver: new MockDriver(clock),
  name: 'mock',
  press: async (ms) => {
    await board.command({ pin: 'button', press: ms });
    await clock.pass(ms);
  },
});

const onoffRig: Build = (t, clock, _store, rest) => {
  const { wire, parts } = fakeOnoff(fakeSysfs(t, { gpiochip512: 'pinctrl-bcm2711 512 58' }));
  const { log, lines } = loggedLines();
  t.after(() => assert.deepEqual(lines, []));
  wire.level = rest;
  return {
    driver: new OnoffDriver({ clock, log, ...parts }),
    name: 'onoff',
    press: async (ms) => {
      wire.move(rest === 1 ? 0 : 1);
      await clock.pass(ms);
      wire.move(rest);
    },
  };
};

/** All events on all channels, as `at channel name data`, and the log. */
async function told(t: TestContext, build: Build, pins: string, trace: readonly Step[]): Promise<string[]> {
  const clock = new FakeClock();
  const store = heldStore();
  const { log, lines } = loggedLines();
  const { config, problems } = sidecarConfig(readSettings({ PINS: pins }).settings);
  assert.deepEqual(problems, []);
  const rest = config.pins[0]?.activeLow ? 1 : 0;
  const rig = build(t, clock, store, rest);
  const sidecar = new Sidecar({ config, ...store, driver: rig.driver, clock, log, delays: NO_DELAYS });
  await sidecar.start();
  await clock.pass(0);
  for (const step of trace) {
    if ('pin' in step) {
      await store.board.command(step);
      await clock.pass(0);
    } else {
      await clock.pass(step[0]);
      await rig.press(step[1]);
    }
  }
  await clock.pass(3_000);
  await sidecar.stop();
  const events = store.bus.kept.map(({ event: { at, channel, name, data } }) =>
    [at - clock.wallAtZero, channel, name, data.replace(`"driver":"${rig.name}"`, '"driver":"-"')].join(' '),
  );
  return [...events, ...lines];
}

const PINS = 'button=17, led=18:out';
const traces: [what: string, pins: string, trace: readonly Step[]][] = [
  ['a click', PINS, [[100, 80]]],
  [
    'a double click',
    PINS,
    [
      [100, 80],
      [150, 90],
    ],
  ],
  [
    'three presses in a row',
    PINS,
    [
      [100, 80],
      [150, 90],
      [150, 70],
    ],
  ],
  ['ten presses in a row', PINS, Array.from({ length: 10 }, (_, i) => [70 + 40 * i, 40 + 10 * i] as const)],
  ['a long press', PINS, [[100, 1500]]],
  [
    'a click, and a press that becomes long',
    PINS,
    [
      [100, 80],
      [150, 2000],
    ],
  ],
  [
    'presses shorter than the window, and just as long',
    PINS,
    [
      [100, 10],
      [300, 24],
      [300, 25],
      [500, 26],
    ],
  ],
  ['a press after minutes of quiet', PINS, [[200_000, 80]]],
  [
    'no debounce and no double clicks',
    'button=17:debounce=0:double=0',
    [
      [100, 1],
      [PAUSE, 1],
      [PAUSE, 30],
    ],
  ],
  [
    'no long presses',
    'button=17:long=0',
    [
      [100, 3000],
      [400, 3000],
    ],
  ],
  [
    'a button to 3.3 V',
    'button=17:active-high',
    [
      [100, 80],
      [150, 90],
      [400, 1200],
    ],
  ],
  [
    'an output between presses',
    PINS,
    [[100, 80], { pin: 'led', value: 1 }, [500, 80], { pin: 'led', value: 1 }, { pin: 'led', value: 0 }],
  ],
  ['an output that goes on in the end', 'button=17, led=18:out:active-low:initial=1:safe=1', [[100, 80]]],
];
for (const [what, pins, trace] of traces) {
  test(`${what}: the same events by the mock as by onoff, byte for byte`, async (t) => {
    const byMock = await told(t, mockRig, pins, trace);
    assert.deepEqual(byMock, await told(t, onoffRig, pins, trace));
    assert.ok(
      byMock.some((line) => line.includes(' button press ')) || what.includes('window'),
      'it was pressed',
    );
  });
}

test('and they are the events of a double click', async (t) => {
  const all = await told(t, onoffRig, 'button=17', [
    [100, 80],
    [150, 90],
  ]);
  assert.deepEqual(
    all.filter((line) => / (button|sse) /.test(line)).map((line) => line.split(' ').slice(0, 3).join(' ')),
    [
      '100 button press',
      '100 sse message',
      '180 button release',
      '330 button press',
      '330 sse message',
      '420 button release',
      '420 button double-click',
    ],
  );
});
