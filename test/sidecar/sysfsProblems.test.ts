import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { explain, explainLoad } from '../../src/sidecar/drivers/sysfsProblems.ts';

const ATTEMPT = {
  root: '/sys/class/gpio',
  name: 'button',
  gpio: 17,
  number: 529,
  chip: {
    label: 'pinctrl-bcm2711',
    directory: 'gpiochip512',
    device: '/dev/gpiochip0',
    base: 512,
    ngpio: 58,
  },
};
const EXPORT = '/sys/class/gpio/export';
const IT = 'button (GPIO 17, number 529 of sysfs)';

function failure(code: string, path?: string, syscall = 'write'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: something, ${syscall}`), {
    code,
    syscall,
    ...(path ? { path } : {}),
  });
}

const sentences: [code: string, path: string | undefined, sentence: string][] = [
  [
    'ENOENT',
    '/sys/class/gpio/gpio529/edge',
    `${IT} cannot be opened: /sys/class/gpio/gpio529/edge does not exist. The chip cannot report edges of this line: choose another GPIO in PINS.`,
  ],
  [
    'ENOENT',
    '/sys/class/gpio/gpio529/value',
    `${IT} cannot be opened: /sys/class/gpio/gpio529/value does not exist. Another program released the line just now: it is tried again.`,
  ],
  [
    'EROFS',
    EXPORT,
    `${IT} cannot be opened: ${EXPORT} is read-only. Run the sidecar's container privileged, or set GPIO_DRIVER=gpiomon, which needs only the device /dev/gpiochip0.`,
  ],
  [
    'EBUSY',
    undefined,
    `${IT} is in use by another program or by the system, says ${EXPORT}: end that one (\`gpioinfo\` names it), or choose another GPIO in PINS.`,
  ],
  [
    'EINVAL',
    undefined,
    `${IT} was refused by ${EXPORT} (base 512 of pinctrl-bcm2711, and 17): choose another GPIO in PINS, or report this with the model of the board.`,
  ],
  [
    'ENODEV',
    undefined,
    `${IT} is gone, says ${EXPORT}: another program released it, or its chip was removed. It is opened again as soon as possible.`,
  ],
  [
    'EPERM',
    undefined,
    `${IT} cannot be set: another program made it an input (${EXPORT}). End that program, or choose another GPIO in PINS.`,
  ],
  [
    'EIO',
    undefined,
    `${IT} failed at ${EXPORT} (EIO: something, write). It is tried again; if that does not help, restart the Pi, or report this with the model of the board.`,
  ],
];
for (const [code, path, sentence] of sentences) {
  test(`${code}${path ? ` ${path}` : ''}`, () => {
    const problem = explain(failure(code, path), ATTEMPT, EXPORT);
    assert.equal(problem.name, 'LineProblem');
    assert.equal(problem.message, sentence);
  });
}

test('ENOENT of what is not of a single line: there is no GPIO', () => {
  const attempt = { ...ATTEMPT, root: '/nowhere/sys/class/gpio' };
  assert.equal(
    explain(failure('ENOENT'), attempt, '/nowhere/sys/class/gpio/export').message,
    `${IT} cannot be opened: /nowhere/sys/class/gpio/export does not exist. On a Raspberry Pi a container must be privileged to see its pins; on a machine without pins, set GPIO_DRIVER=mock.`,
  );
});

test('a number that was not reckoned yet is not said', () => {
  const attempt = { root: '/sys/class/gpio', name: 'button', gpio: 17 };
  assert.match(explain(failure('EIO'), attempt, EXPORT).message, /^button \(GPIO 17\) failed at /);
});

const AS_ROOT = 'run the sidecar as root (its container is root, and privileged, as it comes).';

test('EACCES names the file and the group that may', () => {
  // A file of Debian that belongs to a group other than root's, whoever runs this.
  assert.equal(
    explain(failure('EACCES', '/etc/shadow', 'access'), ATTEMPT, EXPORT).message,
    `${IT} cannot be opened: no permission for /etc/shadow. It belongs to the group shadow (42): add this user to it, or ${AS_ROOT}`,
  );
});

test('EACCES of a file of the group root is for root, and so is EPERM when it was not a write', () => {
  for (const code of ['EACCES', 'EPERM']) {
    assert.equal(
      explain(failure(code, '/etc/passwd', 'open'), ATTEMPT, EXPORT).message,
      `${IT} cannot be opened: no permission for /etc/passwd. It is root's alone: ${AS_ROOT}`,
    );
  }
});

test('EACCES of a line that another user opened: how it is released', () => {
  assert.equal(
    explain(
      failure('EACCES', '/sys/class/gpio/gpio529/value', 'access'),
      { ...ATTEMPT, leftover: true },
      EXPORT,
    ).message,
    `${IT} cannot be opened: no permission for /sys/class/gpio/gpio529/value. Another user opened the line: release it (\`echo 529 | sudo tee /sys/class/gpio/unexport\`), or ${AS_ROOT}`,
  );
});

test('EACCES of a line that we exported ourselves: nobody else has to do with it', () => {
  assert.equal(
    explain(failure('EACCES', '/sys/class/gpio/gpio529/value', 'access'), ATTEMPT, EXPORT).message,
    `${IT} cannot be opened: no permission for /sys/class/gpio/gpio529/value. It is root's alone: ${AS_ROOT}`,
  );
});

test('what is a sentence already stays as it is', () => {
  const problem = new LineProblem('In words.');
  assert.equal(explain(problem, ATTEMPT, EXPORT), problem);
});

test('why onoff cannot be loaded: not installed, not built, or built for something else', () => {
  const other = 'Or set GPIO_DRIVER=gpiomon, which needs no addon.';
  const cases: [error: Error & { code?: string }, sentence: string][] = [
    [
      Object.assign(new Error("Cannot find package 'onoff' imported from x"), {
        code: 'ERR_MODULE_NOT_FOUND',
      }),
      `the package onoff is not installed, left out by npm with --omit=optional or because its addon could not be built (Cannot find package 'onoff' imported from x). Install python3, make and g++, run "npm ci" and start again. ${other}`,
    ],
    [
      new Error('Could not locate the bindings file. Tried:\n → /a\n → /b'),
      `onoff's addon epoll was not built (Could not locate the bindings file. Tried:). Install python3, make and g++, run "npm rebuild epoll" and start again. ${other}`,
    ],
    [
      Object.assign(new Error('x was compiled against NODE_MODULE_VERSION 115'), {
        code: 'ERR_DLOPEN_FAILED',
      }),
      `onoff's addon epoll was built for another Node or another machine (x was compiled against NODE_MODULE_VERSION 115). Run "npm rebuild epoll" and start again. ${other}`,
    ],
  ];
  for (const [error, sentence] of cases) {
    assert.equal(explainLoad(error, ATTEMPT).message, `${IT} cannot be opened: ${sentence}`);
  }
});
