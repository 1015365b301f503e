import assert from 'node:assert/strict';
import { type PathLike, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  ACCESS_WAIT,
  checkExport,
  exportLine,
  unexportLine,
  untilAccessible,
} from '../../src/sidecar/drivers/sysfsExport.ts';
import { FakeClock } from '../support/clock.ts';
import { exported } from '../support/fakeOnoff.ts';
import { fakeSysfs } from '../support/fakeSysfs.ts';

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
