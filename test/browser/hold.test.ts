import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Hold } from '../../src/browser/page/hold.ts';

/** A server that answers when the test says so, and a finger. */
function button(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent: number[] = [];
  const shown: boolean[] = [];
  let answer: (done: boolean) => void = () => {};
  const hold = new Hold(
    (ms) => {
      sent.push(ms);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    (down) => shown.push(down),
  );
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return {
    hold,
    sent,
    shown,
    async answered(done = true) {
      answer(done);
      await settle();
    },
    async passes(ms: number) {
      t.mock.timers.tick(ms);
      await settle();
    },
  };
}

test('a finger that stays is repeated, and lets go once', async (t) => {
  const { hold, sent, shown, answered, passes } = button(t);
  hold.press();
  hold.press();
  await answered();
  await passes(60);
  await passes(439);
  assert.deepEqual(sent, [1500]);
  await passes(1);
  assert.deepEqual(sent, [1500, 1500]);
  await answered();
  await passes(60);
  hold.letGo();
  await passes(0);
  assert.deepEqual(sent, [1500, 1500, 0]);
  await answered();
  await passes(60);
  await passes(10_000);
  hold.letGo();
  assert.deepEqual(sent, [1500, 1500, 0], 'afterwards there is silence');
  assert.deepEqual(shown, [true, false]);
});

test('a tap is long enough to be one, and never overtakes itself', async (t) => {
  const { hold, sent, answered, passes } = button(t);
  hold.press();
  hold.letGo();
  await passes(10_000);
  assert.deepEqual(sent, [1500], 'the first has not been answered');
  await answered();
  await passes(59);
  assert.deepEqual(sent, [1500]);
  await passes(1);
  assert.deepEqual(sent, [1500, 0]);
});

test('taps that come while the server is slow come one after another, the last ones if they are too many', async (t) => {
  const { hold, sent, answered, passes } = button(t);
  for (let i = 0; i < 20; i++) {
    hold.press();
    hold.letGo();
  }
  hold.press();
  for (let i = 0; i < 20; i++) {
    await answered();
    await passes(60);
  }
  assert.deepEqual(sent.slice(0, 9), [1500, 0, 1500, 0, 1500, 0, 1500, 0, 1500].slice(0, sent.length));
  assert.equal(sent.at(-1), 1500, 'the finger is down');
});

test('what is not done ends it: the button comes up, and nothing more is sent', async (t) => {
  const { hold, sent, shown, answered, passes } = button(t);
  hold.press();
  await answered(false);
  assert.deepEqual(shown, [true, false]);
  hold.letGo();
  await passes(10_000);
  assert.deepEqual(sent, [1500]);
  hold.press();
  assert.deepEqual(sent, [1500, 1500], 'the next one is tried');
});
