import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Level, LineRequest } from '../../src/sidecar/drivers/driver.ts';
import { CHECK_EVERY, type Gpio, OnoffDriver } from '../../src/sidecar/drivers/onoff.ts';
import { FakeClock } from '../support/clock.ts';
import { fakeSysfs } from '../support/fakeSysfs.ts';
import { loggedLines } from '../support/logged.ts';

const BUTTON: LineRequest = {
  name: 'button',
  gpio: 17,
  direction: 'in',
  pull: 'as-is',
  debounce: 25,
  rest: 1,
};
const LED: LineRequest = { name: 'led', gpio: 18, direction: 'out', level: 1 };

/** What onoff's Gpio does, as far as the facts say, over a directory in tmp; a test sets what shall go wrong. */
function fakeOnoff(root: string) {
  const wire = {
    level: 1 as Level,
    made: [] as unknown[][],
    unexported: 0,
    /** Thrown by the constructor, after the line was exported. */
    refusal: undefined as Error | undefined,
    /** Thrown by each access to the level. */
    gone: undefined as Error | undefined,
    wrong: {} as { direction?: string; edge?: string; activeLow?: boolean },
    written: [] as Level[],
    /** What the kernel's poller does at an edge: onoff reads the level, outside any try. */
    poll: () => {},
  };
  class FakeGpio implements Gpio {
    readonly #direction: string;
    readonly #edge: string;

    constructor(number: number, direction: string, edge: string, options: object) {
      wire.made.push([number, direction, edge, options]);
      mkdirSync(join(root, `gpio${number}`), { recursive: true });
      if (wire.refusal) throw wire.refusal;
      this.#direction = direction === 'in' ? 'in' : 'out';
      if (direction !== 'in') wire.level = direction === 'high' ? 1 : 0;
      this.#edge = edge;
    }
    readSync(): Level {
      if (wire.gone) throw wire.gone;
      return wire.level;
    }
    writeSync(level: Level): void {
      if (wire.gone) throw wire.gone;
      wire.written.push(level);
      wire.level = level;
    }
    watch(hear: (error: null, level: Level) => void): void {
      wire.poll = () => hear(null, this.readSync());
    }
    unexport(): void {
      wire.unexported++;
      wire.poll = () => {};
      if (wire.gone) throw wire.gone;
    }
    direction = () => wire.wrong.direction ?? this.#direction;
    edge = () => wire.wrong.edge ?? this.#edge;
    activeLow = () => wire.wrong.activeLow ?? false;
  }
  return { wire, FakeGpio };
}

function onoffOf(t: TestContext) {
  const root = fakeSysfs(t, { gpiochip512: 'pinctrl-bcm2711 512 58' });
  const clock = new FakeClock();
  const { wire, FakeGpio } = fakeOnoff(root);
  const { log, lines } = loggedLines();
  const driver = new OnoffDriver({ clock, log, root, load: async () => FakeGpio });
  const edges: [Level, number][] = [];
  const failures: string[] = [];
  const open = (request: LineRequest = BUTTON) =>
    driver.open(request, {
      edge: (level, at) => edges.push([level, at]),
      failed: ({ message }) => failures.push(message),
    });
  return { root, clock, wire, lines, edges, failures, open };
}

const ENODEV = Object.assign(new Error('ENODEV: no such device, read'), { code: 'ENODEV' });

test('an input is opened under its sysfs number for both edges, and its edges are told with their time', async (t) => {
  const { clock, wire, edges, open } = onoffOf(t);
  const line = await open();
  assert.deepEqual(wire.made, [[529, 'in', 'both', { activeLow: false }]]);
  assert.equal(line.read(), 1);
  clock.advance(10);
  wire.level = 0;
  wire.poll();
  assert.deepEqual(edges, [[0, 10]]);
});

test('an output is opened at its first level, and written', async (t) => {
  const { wire, open } = onoffOf(t);
  const line = await open(LED);
  await open({ ...LED, gpio: 19, level: 0 });
  assert.deepEqual(wire.made, [
    [530, 'high', 'none', { activeLow: false }],
    [531, 'low', 'none', { activeLow: false }],
  ]);
  await line.write(1);
  assert.deepEqual(wire.written, [1]);
  assert.equal(line.read(), 1);
});

test('an edge that the kernel lost is found by looking', async (t) => {
  const { clock, wire, edges, open } = onoffOf(t);
  await open();
  wire.level = 0;
  clock.advance(CHECK_EVERY - 1);
  assert.deepEqual(edges, []);
  clock.advance(1);
  assert.deepEqual(edges, [[0, CHECK_EVERY]]);
  clock.advance(CHECK_EVERY * 3);
  assert.equal(edges.length, 1);
});

test('a line that was released behind us is found by looking, told once, and looked at no more', async (t) => {
  const { clock, wire, failures, open } = onoffOf(t);
  await open();
  wire.gone = ENODEV;
  clock.advance(CHECK_EVERY * 3);
  assert.deepEqual(failures, [
    'GPIO 17 (number 529 of sysfs) is gone: another program released it, or its chip was removed. It is opened again as soon as possible.',
  ]);
  assert.equal(clock.timers, 0);
});

test("an error in onoff's own handler is a failure of the line, not the end of the process", async (t) => {
  const { wire, edges, failures, open } = onoffOf(t);
  await open();
  wire.gone = ENODEV;
  wire.poll();
  assert.equal(failures.length, 1);
  assert.deepEqual(edges, []);
});

test('errors of reading and writing are sentences', async (t) => {
  const { wire, open } = onoffOf(t);
  const line = await open(LED);
  wire.gone = ENODEV;
  assert.throws(() => line.read(), { name: 'LineProblem' });
  await assert.rejects(line.write(0), { name: 'LineProblem' });
});

test('closing unexports, stops looking and tells nothing more, even if the line is gone', async (t) => {
  const { clock, wire, edges, failures, open } = onoffOf(t);
  const line = await open();
  const { poll } = wire;
  wire.gone = ENODEV;
  await line.close();
  poll();
  assert.equal(wire.unexported, 1);
  assert.equal(clock.timers, 0);
  assert.deepEqual([edges, failures], [[], []]);
});

test('a refused line is unexported if it was exported by us, so that the next try starts afresh', async (t) => {
  const { root, wire, open } = onoffOf(t);
  wire.refusal = Object.assign(new Error('EBUSY: resource busy or locked, write'), { code: 'EBUSY' });
  await assert.rejects(open(), {
    name: 'LineProblem',
    message: /^GPIO 17 \(number 529 of sysfs\) is in use/,
  });
  assert.equal(readFileSync(join(root, 'unexport'), 'utf8'), '529');
});

test('a line that cannot be read when it is open is released', async (t) => {
  const { clock, wire, open } = onoffOf(t);
  wire.gone = ENODEV;
  await assert.rejects(open(), { name: 'LineProblem', message: /is gone/ });
  assert.equal(wire.unexported, 1);
  assert.equal(clock.timers, 0);
});

/** What a crashed run, or another program, left behind. */
function leaveBehind(root: string, number: number): void {
  mkdirSync(join(root, `gpio${number}`));
  for (const file of ['value', 'direction']) writeFileSync(join(root, `gpio${number}`, file), '');
}

test('a leftover is taken over, and the log says so', async (t) => {
  const { root, lines, open } = onoffOf(t);
  leaveBehind(root, 529);
  await open();
  assert.deepEqual(lines, ['info: The line was open already, and was taken over.']);
});

test('a leftover whose files are not ours to use is refused before onoff would block on it', async (t) => {
  const { root, wire, open } = onoffOf(t);
  leaveBehind(root, 529);
  rmSync(join(root, 'gpio529', 'value'));
  await assert.rejects(open(), { name: 'LineProblem', message: /gpio529\/value/ });
  assert.deepEqual(wire.made, []);
  assert.equal(readFileSync(join(root, 'unexport'), 'utf8'), '', 'it was not exported by us');
});

test('a line that kept the settings of another program is refused', async (t) => {
  const { root, wire, open } = onoffOf(t);
  leaveBehind(root, 529);
  const rest =
    'another program has opened the line and keeps its settings. End that program, or choose another GPIO in PINS.';
  const cases = [
    [{ edge: 'none' }, `reports no edges, and this could not be changed: ${rest}`],
    [{ direction: 'out' }, `could not be made an input: ${rest}`],
    [{ activeLow: true }, `is inverted by the kernel, and this could not be changed: ${rest}`],
  ] as const;
  for (const [wrong, sentence] of cases) {
    wire.wrong = wrong;
    await assert.rejects(open(), {
      name: 'LineProblem',
      message: `GPIO 17 (number 529 of sysfs) ${sentence}`,
    });
  }
  assert.equal(wire.unexported, 3);
});

test('where nothing can be exported onoff is not even asked, for it would make a file of that name', async (t) => {
  const { root, wire, open } = onoffOf(t);
  rmSync(join(root, 'export'));
  await assert.rejects(open(), { name: 'LineProblem', message: /export does not exist.*GPIO_DRIVER=mock/ });
  assert.deepEqual(wire.made, []);
  assert.equal(existsSync(join(root, 'export')), false);
});

test('a pull is not set by sysfs: the log says how it is done', async (t) => {
  const { lines, open } = onoffOf(t);
  await open({ ...BUTTON, pull: 'pull-up' });
  await open({ ...BUTTON, gpio: 27, pull: 'none' });
  assert.deepEqual(lines, [
    'warn: The onoff driver cannot set pull-up: put gpio=17=pu into config.txt and restart the Pi.',
    'warn: The onoff driver cannot set none: put gpio=27=pn into config.txt and restart the Pi.',
  ]);
});

test('without GPIO the module is not loaded, and the sentence names the mock', async () => {
  const driver = new OnoffDriver({
    clock: new FakeClock(),
    log: loggedLines().log,
    root: '/nowhere',
    load: () => assert.fail('loaded'),
  });
  await assert.rejects(driver.open(BUTTON, { edge: assert.fail, failed: assert.fail }), {
    name: 'LineProblem',
    message: /GPIO_DRIVER=mock/,
  });
});
