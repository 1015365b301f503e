import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Level, Line, LineRequest } from '../../src/sidecar/drivers/driver.ts';
import { GpiomonDriver } from '../../src/sidecar/drivers/gpiomon.ts';
import { BANNER_WAIT } from '../../src/sidecar/drivers/heldTool.ts';
import { endsWithUs } from '../support/children.ts';
import { FakeClock } from '../support/clock.ts';
import { FakeGpiod, LEASHED, VERSION_1 } from '../support/fakeGpiod.ts';
import { BUTTON, LED } from '../support/lineRequests.ts';
import { loggedLines } from '../support/logged.ts';
import { eventually } from '../support/ready.ts';

const NEEDED =
  'The gpiomon driver needs libgpiod 2, which is the package gpiod of Debian 13 (trixie) or later';
/** The kernel's clock is so many milliseconds ahead of ours. */
const AHEAD = 5_000;

function gpiomonOf(t: TestContext, chip?: string) {
  const gpiod = new FakeGpiod(t);
  const clock = new FakeClock();
  clock.advance(1_000);
  const { log, lines } = loggedLines();
  const kernelNow = () => clock.now() + AHEAD;
  const { path, devices: folder } = gpiod;
  const driver = new GpiomonDriver({ clock, log, chip, path, folder, kernelNow });
  const news: unknown[][] = [];
  let tell = () => {};
  const open = async (request: LineRequest = BUTTON): Promise<Line> => {
    const say = (...one: unknown[]) => {
      // A sentence names the devices where the test has them.
      news.push(one.map((word) => (typeof word === 'string' ? word.replaceAll(folder, '/dev') : word)));
      tell();
    };
    const line = await driver.open(request, {
      edge: (level, at) => say(level, at),
      missed: (edges) => say('missed', edges),
      failed: ({ message }) => say('failed', message),
    });
    t.after(() => line.close());
    return line;
  };
  /** So many news have come, and these are they. */
  const heard = async (count: number) => {
    while (news.length < count) await new Promise<void>((resolve) => (tell = resolve));
    return news;
  };
  const refusal = async (request?: LineRequest) => {
    try {
      await open(request);
    } catch (error) {
      assert.equal((error as Error).name, 'LineProblem');
      return (error as Error).message.replaceAll(folder, '/dev');
    }
    return assert.fail('it was opened');
  };
  return { gpiod, clock, driver, lines, news, open, heard, refusal };
}

/** An edge as gpiomon prints it, with the kernel's stamp for a time on our clock. */
function edge(level: Level, at: number): string {
  return `out 17 ${level === 1 ? 1 : 2} ${((at + AHEAD) / 1000).toFixed(9)}`;
}

test('an input is read once and then heard, by the programs of libgpiod 2', async (t) => {
  const { gpiod, open } = gpiomonOf(t);
  const line = await open();
  assert.deepEqual(gpiod.calls, [
    'gpiodetect ',
    'gpioget -C pinstream -c /dev/gpiochip0 -p 5ms --numeric 17',
    'gpiomon -C pinstream -c /dev/gpiochip0 -p 5ms --banner -F %o %e %S 17',
  ]);
  assert.equal(line.read(), 1);
});

test('a pull is set when the level is read, and when it is heard', async (t) => {
  const cases = { 'pull-up': ' -b pull-up', 'pull-down': ' -b pull-down', none: ' -b disabled' } as const;
  for (const [pull, words] of Object.entries(cases)) {
    const { gpiod, open } = gpiomonOf(t);
    await open({ ...BUTTON, pull: pull as keyof typeof cases });
    assert.deepEqual(gpiod.calls.slice(1), [
      `gpioget -C pinstream -c /dev/gpiochip0${words} -p 5ms --numeric 17`,
      `gpiomon -C pinstream -c /dev/gpiochip0${words} -p 5ms --banner -F %o %e %S 17`,
    ]);
  }
});

test('the kernel debounces only where the window of the pin is much longer', async (t) => {
  for (const [debounce, words] of [
    [15, ' -p 5ms'],
    [14, ''],
    [0, ''],
  ] as const) {
    const { gpiod, open } = gpiomonOf(t);
    await open({ ...BUTTON, debounce });
    assert.equal(gpiod.calls[2], `gpiomon -C pinstream -c /dev/gpiochip0${words} --banner -F %o %e %S 17`);
  }
});

test("an edge has the kernel's time, less what the kernel waited, on our clock", async (t) => {
  const { gpiod, clock, open, heard } = gpiomonOf(t);
  const line = await open();
  clock.advance(500);
  gpiod.tell(17, edge(0, 1_400.5), edge(1, 1_480.25));
  assert.deepEqual(await heard(2), [
    [0, 1_395.5],
    [1, 1_475.25],
  ]);
  assert.equal(line.read(), 1);
});

test('an edge that comes in pieces is one edge', async (t) => {
  const { gpiod, clock, open, heard } = gpiomonOf(t);
  await open({ ...BUTTON, debounce: 0 });
  clock.advance(500);
  gpiod.tell(17, `${edge(0, 1_400)}\\n17 1 6.4\\c`, 'out 10000000');
  assert.deepEqual(await heard(2), [
    [0, 1_400],
    [1, 1_410],
  ]);
});

test('the same edge twice means that one was lost between, and the level is what the last one says', async (t) => {
  const { gpiod, clock, open, heard } = gpiomonOf(t);
  const line = await open();
  clock.advance(500);
  gpiod.tell(17, edge(0, 1_100), edge(0, 1_300));
  assert.deepEqual(await heard(3), [
    [0, 1_095],
    ['missed', 1],
    [0, 1_295],
  ]);
  assert.equal(line.read(), 0);
});

test('an edge to the level that was read at the start means that one was lost before it', async (t) => {
  const { gpiod, clock, open, heard } = gpiomonOf(t);
  await open();
  clock.advance(500);
  gpiod.tell(17, edge(1, 1_100));
  assert.deepEqual(await heard(2), [
    ['missed', 1],
    [1, 1_095],
  ]);
});

test('bounces that the kernel did not read are no loss where it does not debounce', async (t) => {
  const { gpiod, clock, open, heard } = gpiomonOf(t);
  await open({ ...BUTTON, debounce: 10 });
  clock.advance(500);
  gpiod.tell(17, edge(0, 1_100), edge(0, 1_101));
  assert.deepEqual(await heard(2), [
    [0, 1_100],
    [0, 1_101],
  ]);
});

test('a gpiomon that is killed is a failure of its line, told once', async (t) => {
  const { gpiod, open, heard } = gpiomonOf(t);
  const line = await open();
  process.kill(gpiod.pid(17), 'SIGKILL');
  const sentence =
    'button (GPIO 17, line 17 of /dev/gpiochip0) failed: gpiomon was ended by SIGKILL. It is started again; if that does not help, restart the Pi, or report this with the model of the board.';
  assert.deepEqual(await heard(1), [['failed', sentence]]);
  assert.throws(() => line.read(), { name: 'LineProblem' });
});

test('an edge that came with the banner is told, but not before the line is there', async (t) => {
  const { gpiod, clock, driver } = gpiomonOf(t);
  clock.advance(500);
  const banner = `Monitoring line '17'...\\n${edge(0, 1_100).slice(4)}\\n`;
  gpiod.replace(
    'gpiomon',
    `#!/bin/sh\n[ "$1" = --version ] && exec cat "\${0%/*}/version"\nprintf "${banner}"\nexec sleep 60\n`,
  );
  let line: Line | undefined;
  const heard = new Promise<unknown[]>((resolve) => {
    const asked = driver.open(BUTTON, {
      edge: (level, at) => resolve([line?.read(), level, at]),
      missed: () => assert.fail('no edge was lost'),
      failed: ({ message }) => assert.fail(message),
    });
    asked.then((opened) => (line = opened)).catch(assert.fail);
  });
  assert.deepEqual(await heard, [0, 0, 1_095]);
  await line?.close();
});

test('what failed is told even if it failed at the very moment at which it began', async (t) => {
  const { gpiod, open, heard } = gpiomonOf(t);
  gpiod.replace(
    'gpiomon',
    '#!/bin/sh\n[ "$1" = --version ] && echo "gpiomon (libgpiod) v2.2.1" || echo Monitoring\n',
  );
  await open();
  const sentence =
    'button (GPIO 17, line 17 of /dev/gpiochip0) failed: gpiomon ended with code 0. It is started again; if that does not help, restart the Pi, or report this with the model of the board.';
  assert.deepEqual(await heard(1), [['failed', sentence]]);
});

test('a chip that goes takes its lines along, and a line is opened again when it is back', async (t) => {
  const { gpiod, open, heard, refusal } = gpiomonOf(t);
  await open();
  await open(LED);
  gpiod.unplug();
  gpiod.tell(17, 'err error reading line events: No such device', 'exit 1');
  const gone = 'is gone: the chip pinctrl-bcm2711 was removed, says';
  const again = 'It is opened again as soon as it is back.';
  assert.deepEqual(await heard(1), [
    ['failed', `button (GPIO 17, line 17 of /dev/gpiochip0) ${gone} gpiomon. ${again}`],
  ]);
  gpiod.tell(18, 'exit 0');
  assert.deepEqual((await heard(2)).slice(1), [
    ['failed', `led (GPIO 18, line 18 of /dev/gpiochip0) ${gone} gpioset. ${again}`],
  ]);
  assert.equal(
    await refusal(),
    'button (GPIO 17) cannot be opened: there is no /dev/gpiochipN. Give the sidecar\'s container the header\'s (`devices: ["/dev/gpiochip0"]`; `gpiodetect` on the Pi names it); on a machine without pins, set GPIO_DRIVER=mock.',
  );
  gpiod.plug('gpiochip3 [pinctrl-bcm2711] (58 lines)');
  assert.equal((await open()).read(), 1);
});

test('something else than an edge is a failure, and no event, and the end of that program', async (t) => {
  const { gpiod, open, heard } = gpiomonOf(t);
  await open();
  gpiod.tell(17, 'out 17 rising\\n17 falling');
  await eventually('it is ended', async () => !gpiod.runs(17));
  assert.deepEqual(await heard(1), [
    [
      'failed',
      'button (GPIO 17, line 17 of /dev/gpiochip0) failed: gpiomon said "17 rising" instead of an edge. Install gpiod as it comes with Debian, or set GPIO_DRIVER=onoff.',
    ],
  ]);
});

test('closing ends the program, which has let go of the line then, and tells nothing more', async (t) => {
  const { gpiod, news, open } = gpiomonOf(t);
  const line = await open();
  gpiod.tell(17, edge(0, 900));
  await line.close();
  assert.equal(gpiod.runs(17), false);
  await open();
  assert.deepEqual(news, []);
});

test('a program that does not begin is ended', async (t) => {
  const { gpiod, clock, refusal } = gpiomonOf(t);
  gpiod.set('mute', '');
  const refused = refusal();
  await eventually('it hangs', async () => gpiod.calls.length === 3);
  clock.advance(BANNER_WAIT);
  assert.equal(
    await refused,
    'button (GPIO 17, line 17 of /dev/gpiochip0) failed: gpiomon said "it did not begin within 10 s". It is started again; if that does not help, restart the Pi, or report this with the model of the board.',
  );
});

test('an output is held at its level by a program, and by another one at another level', async (t) => {
  const { gpiod, open } = gpiomonOf(t);
  const line = await open({ ...LED, level: 0 });
  assert.deepEqual([gpiod.level(18), line.read()], ['0', 0]);
  await line.write(0);
  await Promise.all([line.write(1), line.write(0), line.write(1)]);
  assert.deepEqual([gpiod.level(18), line.read()], ['1', 1]);
  const set = 'gpioset -C pinstream -c /dev/gpiochip0 --banner 18=';
  assert.deepEqual(gpiod.calls, ['gpiodetect ', `${set}0`, `${set}1`, `${set}0`, `${set}1`]);
  await line.close();
  assert.equal(gpiod.runs(18), false);
  await assert.rejects(line.write(0), { name: 'LineProblem', message: /is closed/ });
});

test('an output that cannot be set says why, and one that is lost too', async (t) => {
  const { gpiod, open, heard } = gpiomonOf(t);
  const line = await open(LED);
  gpiod.set('holder18', '"my program"');
  await assert.rejects(line.write(0), {
    name: 'LineProblem',
    message: /is in use by "my program", another program or a part of the system: end that/,
  });
  assert.throws(() => line.read(), { name: 'LineProblem' });
  gpiod.set('level17', '1\n');
  await open({ ...LED, gpio: 17 });
  process.kill(gpiod.pid(17), 'SIGTERM');
  assert.match(
    String((await heard(1))[0]),
    /^failed,led \(GPIO 17, .*\) failed: gpioset was ended by SIGTERM/,
  );
});

test('an input is not written', async (t) => {
  const { open } = gpiomonOf(t);
  await assert.rejects((await open()).write(1), { name: 'LineProblem', message: /is an input/ });
});

test('a line that is busy is told with who holds it', async (t) => {
  const { gpiod, refusal } = gpiomonOf(t);
  const it = 'button (GPIO 17, line 17 of /dev/gpiochip0) is in use';
  const cases = {
    taken: `${it} by "taken", another program or a part of the system: end that, or choose another GPIO in PINS.`,
    sysfs: `${it} through /sys/class/gpio, by a program like onoff that perhaps runs no more: end it, or restart the Pi, or set GPIO_DRIVER=onoff.`,
    pinstream: `${it} by another sidecar, or by what is left of one that was killed: end its gpiomon and gpioset, or restart the Pi.`,
  };
  for (const [holder, sentence] of Object.entries(cases)) {
    gpiod.set('holder17', holder);
    assert.equal(await refusal(), sentence);
  }
});

test('without the programs, or with those of libgpiod 1, a sentence says what to install', async (t) => {
  const { gpiod, open, refusal } = gpiomonOf(t);
  gpiod.set('version', VERSION_1);
  assert.equal(
    await refusal(),
    `button (GPIO 17) cannot be opened: libgpiod 1.6.3 is installed. ${NEEDED}: its programs are used in another way. Upgrade it, or set GPIO_DRIVER=onoff.`,
  );
  gpiod.set('version', 'TOOL 7\n');
  assert.equal(
    await refusal(),
    `button (GPIO 17) cannot be opened: \`gpiomon --version\` does not name its version; it said: gpiomon 7. ${NEEDED}: install that one, or set GPIO_DRIVER=onoff.`,
  );
  gpiod.set('version', 'TOOL (libgpiod) v2.2.1\n');
  await open();
  const { asked } = gpiod;
  await open(LED);
  assert.equal(gpiod.asked, asked, 'what is known to be good is not asked again');
  gpiod.set('holder17', 'taken');
  gpiod.set('version', VERSION_1);
  assert.match(await refusal(), /is in use/);
  assert.match(await refusal(), /libgpiod 1\.6\.3 is installed/, 'after a failure it is asked');
});

test('where no gpiomon is, a sentence says what to install', async (t) => {
  const { gpiod, refusal } = gpiomonOf(t);
  gpiod.without();
  assert.equal(
    await refusal(),
    `button (GPIO 17) cannot be opened: gpiomon is not installed. ${NEEDED}: install it (\`sudo apt install gpiod\`), or set GPIO_DRIVER=onoff.`,
  );
});

test('without setpriv it works all the same, and the log says what that means', async (t) => {
  const { gpiod, lines, open, refusal } = gpiomonOf(t);
  gpiod.replace('setpriv', '#!/bin/sh\nexit 1\n');
  await open();
  assert.match(await refusal(), /is in use/);
  await open(LED);
  assert.deepEqual(lines, [
    'warn: setpriv of util-linux does not work here: should the sidecar be killed, its gpiomon and gpioset may stay behind and keep the pins busy. Install util-linux.',
  ]);
});

test('a chip is told by its label, its device, or a link to that', async (t) => {
  for (const wanted of ['pinctrl-rp1', 'gpiochip4', 'header', undefined]) {
    const { gpiod, open } = gpiomonOf(t, wanted);
    gpiod.plug('gpiochip0 [odd [label] (x)] (8 lines)', 'gpiochip4 [pinctrl-rp1] (54 lines)');
    symlinkSync('gpiochip4', join(gpiod.devices, 'header'));
    await open();
    assert.match(gpiod.calls[2] ?? '', /^gpiomon -C pinstream -c \/dev\/gpiochip4 /);
  }
});

test('without the chip, or without the line, a sentence says what is there', async (t) => {
  const foreign = gpiomonOf(t);
  foreign.gpiod.plug('gpiochip0 [INT34C6:00] (463 lines)');
  assert.equal(
    await foreign.refusal(),
    "button (GPIO 17) cannot be opened: no chip is the one of a Raspberry Pi's header (pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1), there is only INT34C6:00 (/dev/gpiochip0). If the pins are of that one, set GPIO_CHIP to its label; on a machine without pins, set GPIO_DRIVER=mock.",
  );
  const wrong = gpiomonOf(t, 'gpiochip7');
  assert.equal(
    await wrong.refusal(),
    'button (GPIO 17) cannot be opened: GPIO_CHIP is gpiochip7, and there is no such chip, only pinctrl-bcm2711 (/dev/gpiochip0). Correct GPIO_CHIP, or leave it out for the header of a Raspberry Pi.',
  );
  const beyond = gpiomonOf(t);
  beyond.gpiod.plug('gpiochip0 [pinctrl-bcm2711] (17 lines)');
  assert.equal(
    await beyond.refusal(),
    'button (GPIO 17) does not exist: pinctrl-bcm2711 (/dev/gpiochip0) has 17 lines, 0 to 16. Choose another GPIO in PINS.',
  );
});

test('a device that may not be opened is named, with its group', async (t) => {
  const { gpiod, refusal } = gpiomonOf(t);
  gpiod.set('chips', '');
  gpiod.set('denied', '/dev/gpiochip0\n');
  // Whoever runs this: root is refused only where a container has no rule for the device.
  assert.match(
    await refusal(),
    /^button \(GPIO 17\) cannot be opened: no permission for \/dev\/gpiochip0\. (It is root's alone: run the sidecar as root, or give the device to a group by a rule of udev|It belongs to the group .*: add this user to it, or give the sidecar's container `devices: \["\/dev\/gpiochip0"\]` and `group_add: \["\d+"\]`|The sidecar's container lacks the rule for it, .*: give it `devices: \["\/dev\/gpiochip0"\]`)\.$/,
  );
});

test('a container that has the devices but no rule for them is told how it gets one', async (t) => {
  const { gpiod, refusal } = gpiomonOf(t);
  const denied = 'button (GPIO 17) cannot be opened: no permission for /dev/gpiochip0';
  const rule = "The sidecar's container lacks the rule for it, which no user and no group replaces: give it";
  gpiod.set('chips', '');
  gpiod.set('denied', '/dev/gpiochip0\n');
  gpiod.set('refusal', 'Operation not permitted');
  assert.equal(await refusal(), `${denied}. ${rule} \`devices: ["/dev/gpiochip0"]\`.`);
  gpiod.set('denied', '/dev/gpiochip0\n/dev/gpiochip1\n');
  assert.equal(
    await refusal(),
    `${denied}, /dev/gpiochip1. ${rule} the header's with \`devices:\` (\`gpiodetect\` on the Pi names it).`,
  );
  gpiod.set('denied', '');
  gpiod.plug();
  const chip = '/dev/gpiochip0';
  gpiod.replace(
    'gpioget',
    "#!/bin/sh\necho 'gpioget: unable to open chip: Operation not permitted' >&2\nexit 1\n",
  );
  assert.equal(
    await refusal(),
    `button (GPIO 17, line 17 of ${chip}) cannot be opened: no permission for ${chip}. ${rule} \`devices: ["${chip}"]\`.`,
  );
});

test('a gpiodetect that answers nothing useful is quoted', async (t) => {
  const { gpiod, refusal } = gpiomonOf(t);
  gpiod.replace(
    'gpiodetect',
    '#!/bin/sh\necho "gpiodetect: unable to scan /dev: Input/output error" >&2\nexit 1\n',
  );
  assert.equal(
    await refusal(),
    'button (GPIO 17) cannot be opened: gpiodetect said "gpiodetect: unable to scan /dev: Input/output error". Run it by hand to see what is wrong.',
  );
});

// Elsewhere nothing ends a process with the one that started it, and there is no GPIO either.
if (LEASHED) {
  test('Ctrl-C leaves the programs to the sidecar, and a sidecar that is killed leaves none behind', async (t) => {
    const { gpiod, open } = gpiomonOf(t);
    const file = fileURLToPath(new URL('../support/fakeGpiodHolder.ts', import.meta.url));
    const args = ['--import', 'tsx', file, gpiod.path, gpiod.devices];
    const sidecar = endsWithUs(
      spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true }),
    );
    const says = async () => String((await once(sidecar.stdout, 'data'))[0]).trim();
    assert.equal(await says(), 'open');
    process.kill(-Number(sidecar.pid), 'SIGINT');
    assert.equal(await says(), 'Ctrl-C');
    gpiod.tell(17, edge(0, 100));
    assert.equal(await says(), 'edge');
    sidecar.kill('SIGKILL');
    await eventually('its gpiomon is gone', async () => !gpiod.runs(17));
    assert.equal((await open()).read(), 1);
  });
}
