import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Level, LineRequest } from '../../src/sidecar/drivers/driver.ts';
import { OnoffDriver } from '../../src/sidecar/drivers/onoff.ts';
import { run, startCommand } from '../cli/command.ts';
import { FakeClock } from '../support/clock.ts';
import { exported, fakeOnoff } from '../support/fakeOnoff.ts';
import { addChip, fakeSysfs } from '../support/fakeSysfs.ts';
import { BUTTON, LED } from '../support/lineRequests.ts';
import { loggedLines } from '../support/logged.ts';

const IT = 'button (GPIO 17, number 529 of sysfs)';

interface Setup {
  chips?: Record<string, string>;
  chip?: string;
}

function onoffOf(t: TestContext, { chips = { gpiochip512: 'pinctrl-bcm2711 512 58' }, chip }: Setup = {}) {
  const root = fakeSysfs(t, chips);
  const clock = new FakeClock();
  const { wire, parts } = fakeOnoff(root);
  const { log, lines } = loggedLines();
  const driver = new OnoffDriver({ clock, log, chip, ...parts });
  const edges: [Level, number][] = [];
  const open = (request: LineRequest = BUTTON) =>
    driver.open(request, {
      edge: (level, at) => edges.push([level, at]),
      missed: () => assert.fail('no edge was lost'),
      failed: assert.fail,
    });
  /** The lines that are exported. */
  const open529 = () => existsSync(join(root, 'gpio529'));
  const told = (file: string) => readFileSync(join(root, file), 'utf8');
  return { root, clock, driver, wire, lines, edges, open, open529, told };
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: something, write`), { code });
}

test('an input is exported and opened under its sysfs number for both edges, and its edges are told with their time', async (t) => {
  const { clock, wire, edges, open, told } = onoffOf(t);
  const line = await open();
  assert.equal(told('export'), '529');
  assert.deepEqual(wire.made, [[529, 'in', 'both', { activeLow: false }]]);
  assert.equal(line.read(), 1);
  clock.advance(10);
  wire.move(0);
  assert.deepEqual(edges, [[0, 10]]);
  await line.close();
});

test('an output is opened at its first level, and written', async (t) => {
  const { wire, open } = onoffOf(t);
  const line = await open(LED);
  await open({ ...LED, gpio: 19, level: 0 });
  assert.deepEqual(wire.made, [
    [530, 'high', 'none', { activeLow: false }],
    [531, 'low', 'none', { activeLow: false }],
  ]);
  await line.write(0);
  assert.deepEqual(wire.written, [0]);
  assert.equal(line.read(), 0);
});

test('closed, nothing stays exported', async (t) => {
  const { clock, driver, open, open529 } = onoffOf(t);
  const line = await open();
  assert.equal(open529(), true);
  await line.close();
  await driver.close();
  assert.equal(open529(), false);
  assert.equal(clock.timers, 0);
});

test('a line that onoff refuses is unexported if it was exported by us, so that the next try starts afresh', async (t) => {
  const { wire, open, told } = onoffOf(t);
  wire.refusal = failure('EIO');
  await assert.rejects(open(), {
    name: 'LineProblem',
    message: /^button \(GPIO 17, number 529 of sysfs\) failed at .*\/gpio529 \(EIO/,
  });
  assert.equal(told('unexport'), '529');
});

test('a line of another program that onoff refuses is left as it is', async (t) => {
  const { root, wire, open, told } = onoffOf(t);
  exported(root, 529);
  wire.refusal = failure('EIO');
  await assert.rejects(open(), { name: 'LineProblem' });
  assert.equal(told('unexport'), '');
});

test('a line that cannot be read when it is open is released', async (t) => {
  const { clock, wire, open, open529 } = onoffOf(t);
  wire.gone = failure('ENODEV');
  await assert.rejects(open(), { name: 'LineProblem', message: /is gone/ });
  assert.equal(open529(), false);
  assert.equal(clock.timers, 0);
});

test('a leftover is taken over, released in the end, and the log says so', async (t) => {
  const { root, lines, open, open529, told } = onoffOf(t);
  exported(root, 529);
  const line = await open();
  assert.equal(told('export'), '', 'it is exported already');
  assert.deepEqual(lines, [
    `info: ${IT} had been opened already, perhaps by a run that was cut short, and was taken over.`,
  ]);
  await line.close();
  assert.equal(open529(), false);
});

test('a leftover whose files are not ours to use is refused before onoff would block on it', async (t) => {
  for (const file of ['value', 'direction', 'active_low', 'edge']) {
    const { root, wire, open, told } = onoffOf(t);
    exported(root, 529);
    rmSync(join(root, 'gpio529', file));
    await assert.rejects(open(), { name: 'LineProblem', message: new RegExp(`gpio529/${file} does not`) });
    assert.deepEqual(wire.made, []);
    assert.equal(told('unexport'), '', 'it was not exported by us');
  }
});

/** What an input needs. */
const SETTINGS = { edge: 'both', direction: 'in', active_low: '0' };

test('a line that keeps the settings of another program is refused, and left to that program', async (t) => {
  for (const [file, value] of Object.entries(SETTINGS)) {
    const { root, wire, open, open529, told } = onoffOf(t);
    exported(root, 529, [file]);
    await assert.rejects(open(), {
      name: 'LineProblem',
      message: `${IT} cannot be opened: ${root}/gpio529/${file} does not take "${value}" (it says ""). Another program has opened the line and keeps its settings: end that program, or choose another GPIO in PINS.`,
    });
    // What onoff has opened it can only close by unexporting it.
    assert.deepEqual([wire.made, wire.unexported, told('unexport'), open529()], [[], 0, '', true]);
  }
});

test('a line of our own that does not take a setting is refused by the kernel, and released', async (t) => {
  for (const [file, value] of Object.entries(SETTINGS)) {
    const { root, wire, open, told } = onoffOf(t);
    wire.stubborn = [file];
    await assert.rejects(open(), {
      name: 'LineProblem',
      message: `${IT} cannot be opened: ${root}/gpio529/${file} does not take "${value}" (it says ""). The kernel refuses that setting: choose another GPIO in PINS, or report this with the model of the board.`,
    });
    assert.deepEqual([wire.made, told('unexport')], [[], '529']);
  }
});

test('where nothing can be exported onoff is not even asked, for it would make a file of that name', async (t) => {
  const { root, wire, driver, open } = onoffOf(t);
  rmSync(join(root, 'export'));
  const refused = { name: 'LineProblem', message: /export does not exist.*GPIO_DRIVER=mock/ };
  await assert.rejects(open(), refused);
  await assert.rejects(driver.check(BUTTON), refused);
  assert.deepEqual(wire.made, []);
  assert.deepEqual(readdirSync(root).sort(), ['gpiochip512', 'unexport']);
});

test('whether it works here is known without taking a line', async (t) => {
  const { driver, wire, told } = onoffOf(t);
  await driver.check(BUTTON);
  assert.deepEqual([wire.made, told('export')], [[], '']);
});

test('a chip of another name is taken when it is wanted', async (t) => {
  const chips = { gpiochip0: 'other 0 54', gpiochip512: 'pinctrl-bcm2711 512 58' };
  const { wire, open } = onoffOf(t, { chips, chip: 'other' });
  await open();
  assert.equal(wire.made[0]?.[0], 17);
});

test('a chip that came back with another base is found there', async (t) => {
  const { root, wire, open } = onoffOf(t);
  await (await open()).close();
  rmSync(join(root, 'gpiochip512'), { recursive: true });
  await assert.rejects(open(), { name: 'LineProblem', message: /shows no GPIO chip/ });
  addChip(root, 'gpiochip600', 'pinctrl-bcm2711 600 58');
  await open();
  assert.deepEqual(
    wire.made.map(([number]) => number),
    [529, 617],
  );
});

test('several chips with the label: the first one is taken, and this is said once', async (t) => {
  const chips = { gpiochip571: 'pinctrl-rp1 571 54', gpiochip1024: 'pinctrl-rp1 1024 54' };
  const { wire, lines, open } = onoffOf(t, { chips });
  await open();
  await open(LED);
  assert.deepEqual(
    wire.made.map(([number]) => number),
    [588, 589],
  );
  assert.deepEqual(lines, [
    "warn: There are 2 chips that the pins could be of: pinctrl-rp1 (gpiochip571), pinctrl-rp1 (gpiochip1024). The first one is taken, pinctrl-rp1 (gpiochip571): if that is wrong, set GPIO_CHIP to another one's device.",
  ]);
});

test('a pull is not set by sysfs: the log says how it is done', async (t) => {
  const { lines, open } = onoffOf(t);
  await open({ ...BUTTON, pull: 'pull-up' });
  await open({ ...BUTTON, gpio: 27, name: 'door', pull: 'none' });
  assert.deepEqual(lines, [
    `warn: ${IT}: the onoff driver cannot set pull-up. Put gpio=17=pu into /boot/firmware/config.txt and restart the Pi, or set GPIO_DRIVER=gpiomon.`,
    'warn: door (GPIO 27, number 539 of sysfs): the onoff driver cannot set none. Put gpio=27=pn into /boot/firmware/config.txt and restart the Pi, or set GPIO_DRIVER=gpiomon.',
  ]);
});

test('without GPIO the module is not loaded, and the sentence names the mock', async (t) => {
  const { driver } = noModule(t, {}, () => assert.fail('loaded'));
  await assert.rejects(driver.check(BUTTON), { name: 'LineProblem', message: /GPIO_DRIVER=mock/ });
});

test('with GPIO and without the module, the sentence says that this is missing', async (t) => {
  const { driver } = noModule(t, { gpiochip512: 'pinctrl-bcm2711 512 58' }, () => {
    throw Object.assign(new Error("Cannot find package 'onoff'"), { code: 'ERR_MODULE_NOT_FOUND' });
  });
  await assert.rejects(driver.check(BUTTON), {
    name: 'LineProblem',
    message: /^button \(GPIO 17, number 529 of sysfs\) cannot be opened: the package onoff is not installed/,
  });
});

function noModule(t: TestContext, chips: Record<string, string>, load: () => never) {
  const root = fakeSysfs(t, chips);
  const { log } = loggedLines();
  return {
    driver: new OnoffDriver({ clock: new FakeClock(), log, root, load: async () => load() }),
  };
}

/** Says at the end of a process whether onoff was loaded in it. */
const WATCHED = `data:text/javascript,${encodeURIComponent(`
  import module from 'node:module';
  process.on('exit', () => {
    const files = Object.keys(module._cache);
    console.error(files.some((file) => file.includes('/node_modules/onoff/')) ? 'with onoff' : 'without onoff');
  });
`)}`;

test('neither the help nor the mock loads onoff', async (t) => {
  const env = { NODE_OPTIONS: `--import ${WATCHED}` };
  const said = ({ errors }: { errors: string }) => /with(?:out)? onoff/.exec(errors)?.[0];
  assert.equal(said(await run(['--help'], { env })), 'without onoff');
  const { command } = await startCommand(['start', '--gpio-driver', 'mock'], { env });
  t.after(() => command.stop());
  assert.equal(said(await command.stop()), 'without onoff');
  // Or else nothing would be proven.
  const onoff = createRequire(import.meta.url).resolve('onoff');
  assert.equal(
    said(await run(['--help'], { env: { NODE_OPTIONS: `--require ${onoff} ${env.NODE_OPTIONS}` } })),
    'with onoff',
  );
});
