import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { explain, explainLoad } from '../../src/sidecar/drivers/sysfsProblems.ts';

const ATTEMPT = {
  root: '/sys/class/gpio',
  gpio: 17,
  number: 529,
  chip: { label: 'pinctrl-bcm2711', base: 512, ngpio: 58 },
};

function failure(code: string, path?: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: something, write`), { code, ...(path ? { path } : {}) });
}

const sentences: [code: string, path: string | undefined, sentence: string][] = [
  [
    'ENOENT',
    '/sys/class/gpio/export',
    'There is no GPIO here: /sys/class/gpio/export does not exist. On a Raspberry Pi a container must be privileged to see it; on a machine without pins, set GPIO_DRIVER=mock.',
  ],
  [
    'ENOENT',
    '/sys/class/gpio/gpio529/edge',
    'GPIO 17 (number 529 of sysfs) failed: ENOENT: something, write.',
  ],
  [
    'EROFS',
    '/sys/class/gpio/export',
    'There is no GPIO for writing here: /sys/class/gpio/export is read-only. On a Raspberry Pi a container must be privileged to see it; on a machine without pins, set GPIO_DRIVER=mock.',
  ],
  [
    'EBUSY',
    undefined,
    'GPIO 17 (number 529 of sysfs) is in use by another program or by the system: end that one (`gpioinfo` names it), or choose another GPIO in PINS.',
  ],
  [
    'EINVAL',
    undefined,
    'The kernel refused GPIO 17 (number 529 of sysfs), which is base 512 of pinctrl-bcm2711 and 17: choose another GPIO in PINS, or report this with the model of the board.',
  ],
  [
    'ENODEV',
    undefined,
    'GPIO 17 (number 529 of sysfs) is gone: another program released it, or its chip was removed. It is opened again as soon as possible.',
  ],
  ['EIO', undefined, 'GPIO 17 (number 529 of sysfs) failed: EIO: something, write.'],
];
for (const [code, path, sentence] of sentences) {
  test(`${code}${path ? ` ${path}` : ''}`, () => {
    const problem = explain(failure(code, path), ATTEMPT);
    assert.ok(problem instanceof LineProblem);
    assert.equal(problem.message, sentence);
  });
}

const AS_IT_COMES = "or run the sidecar's container as it comes, as root and privileged.";

test('EACCES names the file and the group that may', () => {
  // A file of Debian that belongs to a group other than root's, whoever runs this.
  assert.equal(
    explain(failure('EACCES', '/etc/shadow'), ATTEMPT).message,
    `No permission for /etc/shadow: it belongs to the group shadow (42), so add this user to it, ${AS_IT_COMES}`,
  );
});

test('EACCES without a file is about export, and a file of the group root is for root', () => {
  assert.equal(
    explain(failure('EACCES'), { ...ATTEMPT, root: '/etc' }).message,
    `No permission for /etc/export: run it as root, ${AS_IT_COMES}`,
  );
  assert.equal(
    explain(failure('EACCES', '/etc/passwd'), ATTEMPT).message,
    `No permission for /etc/passwd: run it as root, ${AS_IT_COMES}`,
  );
});

test('what is a sentence already stays as it is', () => {
  const problem = new LineProblem('In words.');
  assert.equal(explain(problem, ATTEMPT), problem);
});

test('an addon that was not built, or is not there, is told from a machine without GPIO', () => {
  const missing = Object.assign(new Error("Cannot find package 'onoff' imported from x"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  assert.equal(
    explainLoad(missing).message,
    'The onoff driver could not be loaded (ERR_MODULE_NOT_FOUND: Cannot find package \'onoff\' imported from x): its addon epoll was not built. Install python3, make and g++, run "npm rebuild epoll" and start again.',
  );
  const unbuilt = new Error('Could not locate the bindings file. Tried:\n → /a\n → /b');
  assert.match(explainLoad(unbuilt).message, /\(error: Could not locate the bindings file. Tried:\)/);
});
