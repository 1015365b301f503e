import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AutoDriver, type CheckedDriver } from '../../src/sidecar/drivers/auto.ts';
import {
  type InputRequest,
  type Line,
  type LineListener,
  LineProblem,
  type LineRequest,
} from '../../src/sidecar/drivers/driver.ts';
import { GpiomonDriver } from '../../src/sidecar/drivers/gpiomon.ts';
import { OnoffDriver } from '../../src/sidecar/drivers/onoff.ts';
import { FakeClock } from '../support/clock.ts';
import { FakeDriver } from '../support/fakeDriver.ts';
import { FakeGpiod } from '../support/fakeGpiod.ts';
import { fakeSysfs } from '../support/fakeSysfs.ts';
import { BUTTON } from '../support/lineRequests.ts';
import { loggedLines } from '../support/logged.ts';

const DOOR: InputRequest = { ...BUTTON, name: 'my door', gpio: 27 };
const LISTENER = {
  edge: () => assert.fail('no edge came'),
  missed: () => assert.fail('no edge was lost'),
  failed: () => assert.fail('no line failed'),
};

class FakeChecked implements CheckedDriver {
  readonly name: string;
  readonly lines = new FakeDriver();
  /** Why it can't work here, for a pin. */
  unfit: ((request: LineRequest) => string) | undefined;
  checks = 0;

  constructor(name: string) {
    this.name = name;
  }

  async check(request: LineRequest): Promise<void> {
    this.checks++;
    if (this.unfit) throw new LineProblem(this.unfit(request));
  }

  open(request: LineRequest, listener: LineListener): Promise<Line> {
    return this.lines.open(request, listener);
  }

  close(): Promise<void> {
    return this.lines.close();
  }
}

function autoOf() {
  const first = new FakeChecked('onoff');
  const second = new FakeChecked('gpiomon');
  const { log, lines } = loggedLines();
  return { first, second, lines, driver: new AutoDriver([first, second], log) };
}

test('the first driver that works is taken for all pins, and the log says so once', async () => {
  const { driver, first, second, lines } = autoOf();
  assert.equal(driver.name, 'auto');
  await Promise.all([driver.open(BUTTON, LISTENER), driver.open(DOOR, LISTENER)]);
  assert.equal(driver.name, 'onoff');
  assert.deepEqual([first.lines.opened.length, first.checks, second.checks], [2, 1, 0]);
  assert.deepEqual(lines, ['info: GPIO_DRIVER=auto takes onoff. It works here, and is the first choice.']);
});

test('where that one cannot work the next one is taken, and the log says why', async () => {
  const { driver, first, second, lines } = autoOf();
  first.unfit = () =>
    'button (GPIO 17) cannot be opened: /sys/class/gpio is missing. Set GPIO_DRIVER=gpiomon.';
  await driver.open(BUTTON, LISTENER);
  assert.equal(driver.name, 'gpiomon');
  first.unfit = undefined;
  await driver.open(DOOR, LISTENER);
  assert.deepEqual([first.lines.opened.length, second.lines.opened.length], [0, 2]);
  assert.deepEqual(lines, ['info: GPIO_DRIVER=auto takes gpiomon. onoff: /sys/class/gpio is missing.']);
});

test('where none can work each pin says why, with the mock, and asks again when it is tried again', async () => {
  const { driver, first, second, lines } = autoOf();
  first.unfit = ({ name, gpio }) =>
    `${name} (GPIO ${gpio}) cannot be opened: export is read-only. Run it privileged, or set GPIO_DRIVER=gpiomon, which needs less.`;
  second.unfit = ({ name, gpio }) =>
    `${name} (GPIO ${gpio}, line ${gpio} of /dev/gpiochip0) cannot be opened: gpiomon 1.6 is too old. Upgrade it, or set GPIO_DRIVER=onoff.`;
  const [button, door] = await Promise.allSettled([
    driver.open(BUTTON, LISTENER),
    driver.open(DOOR, LISTENER),
  ]);
  const reasons =
    'cannot be opened by any driver. onoff: export is read-only. Run it privileged. gpiomon: gpiomon 1.6 is too old. Upgrade it. On a machine without pins, set GPIO_DRIVER=mock.';
  assert.deepEqual(
    [button, door].map((asked) => asked.status === 'rejected' && String(asked.reason)),
    [`LineProblem: button (GPIO 17) ${reasons}`, `LineProblem: my door (GPIO 27) ${reasons}`],
  );
  assert.deepEqual([driver.name, lines], ['auto', []]);
  second.unfit = undefined;
  await driver.open(DOOR, LISTENER);
  assert.equal(driver.name, 'gpiomon');
});

test('a driver that names the mock itself is not repeated', async () => {
  const { driver, first, second } = autoOf();
  first.unfit = () => 'There are no pins: set GPIO_DRIVER=mock.';
  second.unfit = () => 'gone.';
  await assert.rejects(driver.open(BUTTON, LISTENER), {
    message:
      'button (GPIO 17) cannot be opened by any driver. onoff: There are no pins: set GPIO_DRIVER=mock. gpiomon: gone.',
  });
});

test('a line that the chosen driver cannot open is its problem, and no reason to take another one', async () => {
  const { driver, first, second } = autoOf();
  first.lines.problem = new LineProblem('in use');
  await assert.rejects(driver.open(BUTTON, LISTENER), { message: 'in use' });
  first.lines.problem = undefined;
  await driver.open(BUTTON, LISTENER);
  assert.deepEqual([first.lines.opened.length, second.checks], [1, 0]);
});

test('both are closed', async () => {
  const { driver, first, second } = autoOf();
  await driver.close();
  assert.deepEqual([first.lines.closed, second.lines.closed], [true, true]);
});

/** The two drivers as they are, where sysfs is missing. */
function realOf(t: TestContext) {
  const gpiod = new FakeGpiod(t);
  const clock = new FakeClock();
  const { log, lines } = loggedLines();
  const onoff = new OnoffDriver({
    clock,
    log,
    root: '/nowhere',
    load: () => assert.fail('onoff was loaded'),
  });
  const gpiomon = new GpiomonDriver({ clock, log, path: gpiod.path, folder: gpiod.devices });
  return { gpiod, lines, driver: new AutoDriver([onoff, gpiomon], log) };
}

test('where sysfs is missing the programs of libgpiod are taken', async (t) => {
  const { driver, lines } = realOf(t);
  const line = await driver.open(BUTTON, LISTENER);
  t.after(() => line.close());
  assert.equal(driver.name, 'gpiomon');
  assert.match(lines.join('\n'), /^info: GPIO_DRIVER=auto takes gpiomon\. onoff: \/nowhere does not exist\./);
});

test('why onoff could not be loaded is said, without the advice that was followed', async (t) => {
  const gpiod = new FakeGpiod(t);
  const clock = new FakeClock();
  const { log, lines } = loggedLines();
  const onoff = new OnoffDriver({
    clock,
    log,
    root: fakeSysfs(t, { gpiochip512: 'pinctrl-bcm2711 512 58' }),
    load: () => Promise.reject(new Error('Could not locate the bindings file. Tried:\n → /a')),
  });
  const gpiomon = new GpiomonDriver({ clock, log, path: gpiod.path, folder: gpiod.devices });
  await new AutoDriver([onoff, gpiomon], log).open(DOOR, LISTENER).catch(() => {});
  assert.deepEqual(lines, [
    'info: GPIO_DRIVER=auto takes gpiomon. onoff: onoff\'s addon epoll was not built (Could not locate the bindings file. Tried:). Install python3, make and g++, run "npm rebuild epoll" and start again.',
  ]);
});

test('where both are missing one sentence names both', async (t) => {
  const { driver, gpiod } = realOf(t);
  gpiod.without();
  await assert.rejects(driver.open(BUTTON, LISTENER), {
    name: 'LineProblem',
    message:
      /^button \(GPIO 17\) cannot be opened by any driver\. onoff: \/nowhere does not exist\. .*gpiomon: gpiomon is not installed\. .*install it \(`sudo apt install gpiod`\)\..*$/,
  });
});
