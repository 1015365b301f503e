import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findChips, type HeaderChip, lineNumber, worded } from '../../src/sidecar/drivers/headerChip.ts';
import { deviceFolder } from '../../src/sidecar/drivers/sysfsProblems.ts';
import { fakeDevices, fakeSysfs } from '../support/fakeSysfs.ts';

const PI4: HeaderChip = {
  label: 'pinctrl-bcm2711',
  directory: 'gpiochip512',
  device: undefined,
  base: 512,
  ngpio: 58,
};

function attemptIn(root: string) {
  return { root, name: 'button', gpio: 17 };
}

test('the chip of the header is found by its label, whatever its base and whichever others there are', (t) => {
  const root = fakeSysfs(t, {
    gpiochip570: 'raspberrypi-exp-gpio 570 8',
    gpiochip512: 'pinctrl-bcm2711 512 58',
  });
  assert.deepEqual(findChips(attemptIn(root)), [PI4]);
});

test('each model has its label', (t) => {
  for (const label of ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1']) {
    const root = fakeSysfs(t, { gpiochip0: `${label} 0 54` });
    const [chip] = findChips(attemptIn(root));
    assert.deepEqual(chip, { label, directory: 'gpiochip0', device: undefined, base: 0, ngpio: 54 });
  }
});

test('the other directories of newer kernels, and lines that are open, are no chips', (t) => {
  const root = fakeSysfs(t, {
    chip0: 'pinctrl-rp1 0 54',
    gpio529: 'pinctrl-rp1 0 54',
    gpiochip571: 'pinctrl-rp1 571 54',
  });
  assert.deepEqual(
    findChips(attemptIn(root)).map(({ base }) => base),
    [571],
  );
});

test('of several with the label the one with the lowest base is first, and the others are said', (t) => {
  const root = fakeSysfs(t, {
    gpiochip1024: 'pinctrl-rp1 1024 54',
    gpiochip571: 'pinctrl-rp1 571 54',
  });
  assert.deepEqual(
    findChips(attemptIn(root)).map(({ directory }) => directory),
    ['gpiochip571', 'gpiochip1024'],
  );
});

/** As on a Pi, where the tree begins at the root. */
function inDev(root: string, text: string): string {
  return text.replaceAll(deviceFolder(root), '/dev');
}

/** Two drivers, the second of them with two chips, as a Pi 5 has them. */
function pi5(t: TestContext): string {
  const root = fakeSysfs(t, {
    gpiochip0: 'brcmstb-b 0 32',
    gpiochip32: 'brcmstb-a 32 4',
    gpiochip571: 'pinctrl-rp1 571 54',
  });
  fakeDevices(root, {
    rp1: ['gpiochip571', '/dev/gpiochip0'],
    brcm: ['gpiochip0', 'gpiochip32', '/dev/gpiochip11', '/dev/gpiochip9'],
  });
  return root;
}

test('each chip has its device, also where one driver has several', (t) => {
  const root = pi5(t);
  const labels = ['brcmstb-b', 'brcmstb-a', 'pinctrl-rp1'];
  assert.deepEqual(
    labels.map((label) => inDev(root, findChips(attemptIn(root), label).map(worded).join())),
    [
      'brcmstb-b (/dev/gpiochip9, gpiochip0)',
      'brcmstb-a (/dev/gpiochip11, gpiochip32)',
      'pinctrl-rp1 (/dev/gpiochip0, gpiochip571)',
    ],
  );
});

test('a chip is wanted by its label, its device or its directory, and a name that is both means the device', (t) => {
  const root = pi5(t);
  const found = (wanted: string) => findChips(attemptIn(root), wanted).map(({ label }) => label);
  assert.deepEqual(found('brcmstb-a'), ['brcmstb-a']);
  assert.deepEqual(found('gpiochip32'), ['brcmstb-a']);
  assert.deepEqual(found(join(deviceFolder(root), 'gpiochip11')), ['brcmstb-a']);
  assert.deepEqual(found('gpiochip11'), ['brcmstb-a']);
  assert.deepEqual(found('gpiochip0'), ['pinctrl-rp1']);
});

test('a chip is wanted by a link to its device, as a Pi 5 has for what its chip was called before', (t) => {
  const root = pi5(t);
  const dev = deviceFolder(root);
  mkdirSync(dev);
  writeFileSync(join(dev, 'gpiochip0'), '');
  symlinkSync('gpiochip0', join(dev, 'gpiochip4'));
  for (const wanted of ['gpiochip4', join(dev, 'gpiochip4')]) {
    assert.deepEqual(
      findChips(attemptIn(root), wanted).map(({ label }) => label),
      ['pinctrl-rp1'],
    );
  }
});

test('a chip that is wanted and not there: the sentence says which there are, with all their names', (t) => {
  const root = pi5(t);
  const dev = deviceFolder(root);
  assert.throws(() => findChips(attemptIn(root), 'pinctrl-bcm2712'), {
    name: 'LineProblem',
    message: `button (GPIO 17) cannot be opened: GPIO_CHIP is pinctrl-bcm2712, and ${root} shows no such chip, only brcmstb-b (${dev}/gpiochip9, gpiochip0), brcmstb-a (${dev}/gpiochip11, gpiochip32), pinctrl-rp1 (${dev}/gpiochip0, gpiochip571). Correct GPIO_CHIP, or leave it out for the header of a Raspberry Pi.`,
  });
});

test('other chips only', (t) => {
  const root = fakeSysfs(t, { gpiochip0: 'INT34C5:00 0 300' });
  assert.throws(() => findChips(attemptIn(root)), {
    name: 'LineProblem',
    message: `button (GPIO 17) cannot be opened: no chip in ${root} is the one of a Raspberry Pi's header (pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1), there is only INT34C5:00 (gpiochip0). If the pins are of that one, set GPIO_CHIP to its label.`,
  });
});

test('no chip, or no directory: there is no GPIO here, and the mock is named', (t) => {
  const root = fakeSysfs(t, {});
  const remedy =
    'On a Raspberry Pi a container must be privileged to see its pins; on a machine without pins, set GPIO_DRIVER=mock.';
  assert.throws(() => findChips(attemptIn(root)), {
    name: 'LineProblem',
    message: `button (GPIO 17) cannot be opened: ${root} shows no GPIO chip. ${remedy}`,
  });
  rmSync(root, { recursive: true });
  assert.throws(() => findChips(attemptIn(root)), {
    name: 'LineProblem',
    message: `button (GPIO 17) cannot be opened: ${root} does not exist. ${remedy}`,
  });
});

test('no chip in sysfs, but devices: the other driver is named', (t) => {
  const root = fakeSysfs(t, {});
  const dev = join(root, '../../../dev');
  mkdirSync(dev);
  writeFileSync(join(dev, 'gpiochip4'), '');
  const remedy = `This kernel has its pins as ${dev}/gpiochip4: set GPIO_DRIVER=gpiomon.`;
  assert.throws(() => findChips(attemptIn(root)), {
    message: `button (GPIO 17) cannot be opened: ${root} shows no GPIO chip. ${remedy}`,
  });
});

test('a kernel that has only the new directories is told from one without GPIO', (t) => {
  const root = fakeSysfs(t, { chip0: 'pinctrl-rp1 0 54' });
  assert.throws(() => findChips(attemptIn(root)), {
    name: 'LineProblem',
    message: `button (GPIO 17) cannot be opened: this kernel has no ${root}/export any more, which onoff needs. Set GPIO_DRIVER=gpiomon.`,
  });
});

test('a chip that vanishes while it is read is not there', (t) => {
  const root = fakeSysfs(t, { gpiochip0: 'gone 0 8', gpiochip512: 'pinctrl-bcm2711 512 58' });
  rmSync(join(root, 'gpiochip0', 'label'));
  assert.deepEqual(findChips(attemptIn(root)), [PI4]);
});

test('the number of a line is the base and the BCM number, within the chip', () => {
  const attempt = attemptIn('/sys/class/gpio');
  assert.equal(lineNumber(attempt, PI4), 529);
  assert.equal(lineNumber(attempt, { ...PI4, ngpio: 18 }), 529);
  assert.throws(() => lineNumber(attempt, { ...PI4, ngpio: 17 }), {
    name: 'LineProblem',
    message:
      'button (GPIO 17) does not exist: pinctrl-bcm2711 (gpiochip512) has 17 lines, 0 to 16. Choose another GPIO in PINS.',
  });
});
