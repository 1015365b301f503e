import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHeaderChip, lineNumber } from '../../src/sidecar/drivers/headerChip.ts';
import { fakeSysfs } from '../support/fakeSysfs.ts';

const PI4 = { label: 'pinctrl-bcm2711', base: 512, ngpio: 58 };

test('the chip of the header is found by its label, whatever its base and whichever others there are', (t) => {
  const root = fakeSysfs(t, {
    gpiochip570: 'raspberrypi-exp-gpio 570 8',
    gpiochip512: 'pinctrl-bcm2711 512 58',
  });
  assert.deepEqual(findHeaderChip(root), PI4);
});

test('each model has its label', (t) => {
  for (const label of ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1']) {
    const root = fakeSysfs(t, { gpiochip0: `${label} 0 54` });
    assert.deepEqual(findHeaderChip(root), { label, base: 0, ngpio: 54 });
  }
});

test('the other directories of newer kernels, and lines that are open, are no chips', (t) => {
  const root = fakeSysfs(t, {
    chip0: 'pinctrl-rp1 0 54',
    gpio529: 'pinctrl-rp1 0 54',
    gpiochip571: 'pinctrl-rp1 571 54',
  });
  assert.equal(findHeaderChip(root).base, 571);
});

test('other chips only', (t) => {
  const root = fakeSysfs(t, { gpiochip0: 'INT34C5:00 0 300' });
  assert.throws(() => findHeaderChip(root), {
    name: 'LineProblem',
    message: `No GPIO chip of a Raspberry Pi's header is in ${root} (pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1), only INT34C5:00: this board is not supported by the onoff driver.`,
  });
});

test('no chip, or no directory: there is no GPIO here, and the mock is named', (t) => {
  const root = fakeSysfs(t, {});
  const remedy =
    'On a Raspberry Pi a container must be privileged to see it; on a machine without pins, set GPIO_DRIVER=mock.';
  assert.throws(() => findHeaderChip(root), {
    name: 'LineProblem',
    message: `${root} shows no GPIO chip: ${remedy}`,
  });
  assert.throws(() => findHeaderChip(`${root}/none`), {
    name: 'LineProblem',
    message: `There is no GPIO here: ${root}/none does not exist. ${remedy}`,
  });
});

test('the number of a line is the base and the BCM number, within the chip', () => {
  assert.equal(lineNumber(PI4, 17), 529);
  assert.equal(lineNumber({ ...PI4, ngpio: 18 }, 17), 529);
  assert.throws(() => lineNumber({ ...PI4, ngpio: 17 }, 17), {
    name: 'LineProblem',
    message: 'GPIO 17 does not exist: pinctrl-bcm2711 has 17 lines, 0 to 16. Choose another one in PINS.',
  });
});
