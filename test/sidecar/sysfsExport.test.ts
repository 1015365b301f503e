import assert from 'node:assert/strict';
import { mkdirSync, type PathLike, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LineRequest } from '../../src/sidecar/drivers/driver.ts';
import {
  ACCESS_WAIT,
  checkExport,
  configureLine,
  exportLine,
  unexportLine,
  untilAccessible,
} from '../../src/sidecar/drivers/sysfsExport.ts';
import { FakeClock } from '../support/clock.ts';
import { exported } from '../support/fakeOnoff.ts';
import { fakeSysfs } from '../support/fakeSysfs.ts';
import { BUTTON } from '../support/lineRequests.ts';

function attemptOf(t: TestContext) {
  const root = fakeSysfs(t, {});
  return { root, name: 'button', gpio: 17, number: 529 };
}

test('a line is exported by its number, unless it is already', (t) => {
  const attempt = attemptOf(t);
  assert.equal(exportLine(attempt), 'exported');
  assert.equal(readFileSync(join(attempt.root, 'export'), 'utf8'), '529');
  exported(attempt.root, 529);
  assert.equal(exportLine(attempt), 'leftover');
});

test('where there is no export none is made, and it is an error even if the line is open', (t) => {
  const attempt = attemptOf(t);
  rmSync(join(attempt.root, 'export'));
  exported(attempt.root, 529);
  for (const run of [exportLine, checkExport]) {
    assert.throws(() => run(attempt), {
      name: 'LineProblem',
      message: /^button \(GPIO 17, number 529 of sysfs\) cannot be opened: .*\/export does not exist\./,
    });
  }
  assert.deepEqual(readdirSync(attempt.root).sort(), ['gpio529', 'unexport']);
});

test('a line is released if it is there, and if that fails nobody cares', (t) => {
  const attempt = attemptOf(t);
  const told = () => readFileSync(join(attempt.root, 'unexport'), 'utf8');
  unexportLine(attempt);
  assert.equal(told(), '');
  exported(attempt.root, 529);
  unexportLine(attempt);
  assert.equal(told(), '529');
  rmSync(join(attempt.root, 'unexport'));
  unexportLine(attempt);
  assert.deepEqual(readdirSync(attempt.root).sort(), ['export', 'gpio529']);
});

/** Refuses the first times. */
function refusing(times: number) {
  let left = times;
  return (path: PathLike) => {
    if (left-- > 0) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path });
  };
}

test('a permission that comes late is waited for, without blocking', async (t) => {
  const clock = new FakeClock();
  let done = false;
  const waiting = untilAccessible(attemptOf(t), ['value', 'edge'], clock, ACCESS_WAIT, refusing(5));
  void waiting.then(() => {
    done = true;
  });
  await clock.pass(99);
  assert.equal(done, false);
  await clock.pass(1);
  assert.equal(done, true);
});

test('a permission that does not come is an error after a second, and on a leftover at once', async (t) => {
  const clock = new FakeClock();
  const attempt = attemptOf(t);
  const refused = {
    name: 'LineProblem',
    message: /cannot be opened: no permission for .*\/gpio529\/value\./,
  };
  await assert.rejects(untilAccessible(attempt, ['value'], clock, 0, refusing(9)), refused);
  const problems: string[] = [];
  untilAccessible(attempt, ['value'], clock, ACCESS_WAIT, refusing(999)).catch(({ message }: Error) => {
    problems.push(message);
  });
  await clock.pass(ACCESS_WAIT - 1);
  assert.deepEqual(problems, []);
  await clock.pass(1);
  assert.match(problems.join(), refused.message);
  assert.equal(clock.timers, 0);
});

test('a file that is not there is not waited for', async (t) => {
  const clock = new FakeClock();
  await assert.rejects(untilAccessible(attemptOf(t), ['edge'], clock, ACCESS_WAIT), {
    name: 'LineProblem',
    message: /gpio529\/edge does not exist\. The chip cannot report edges of this line/,
  });
});

const LED: LineRequest = { name: 'led', gpio: 17, direction: 'out', level: 1 };

/** The settings of a line that was exported with `edge`, after it was configured. */
function configured(t: TestContext, request: LineRequest, edge = '') {
  const attempt = attemptOf(t);
  exported(attempt.root, 529);
  const file = (name: string) => join(attempt.root, 'gpio529', name);
  writeFileSync(file('edge'), edge);
  configureLine(attempt, request);
  return ['active_low', 'direction', 'edge'].map((name) => readFileSync(file(name), 'utf8'));
}

test('an input is not inverted and reports both edges', (t) => {
  assert.deepEqual(configured(t, BUTTON), ['0', 'in', 'both']);
});

test('an output has its level from the beginning, and reports no edges, or it would have to stay an input', (t) => {
  assert.deepEqual(configured(t, LED, 'both'), ['0', 'high', 'none']);
  assert.deepEqual(configured(t, { ...LED, level: 0 }, 'both'), ['0', 'low', 'none']);
});

test('an output needs no edges', (t) => {
  const attempt = attemptOf(t);
  exported(attempt.root, 529);
  rmSync(join(attempt.root, 'gpio529', 'edge'));
  configureLine(attempt, LED);
  assert.deepEqual(readdirSync(join(attempt.root, 'gpio529')).sort(), ['active_low', 'direction', 'value']);
});

test('a setting that is refused is told with the reason', (t) => {
  const attempt = attemptOf(t);
  exported(attempt.root, 529);
  const file = join(attempt.root, 'gpio529', 'direction');
  rmSync(file);
  mkdirSync(file);
  assert.throws(() => configureLine(attempt, LED), {
    name: 'LineProblem',
    message: `button (GPIO 17, number 529 of sysfs) cannot be opened: ${file} does not take "high" (EISDIR: illegal operation on a directory, open '${file}'). The kernel refuses that setting: choose another GPIO in PINS, or report this with the model of the board.`,
  });
});

test('a line that is gone while it is set up is told as gone', (t) => {
  assert.throws(() => configureLine(attemptOf(t), BUTTON), {
    name: 'LineProblem',
    message: /gpio529\/active_low does not exist\. Another program released the line just now/,
  });
});
