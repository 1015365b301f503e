import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InputRequest, Level } from '../../src/sidecar/drivers/driver.ts';
import { AUTO_PRESS, MockDriver } from '../../src/sidecar/drivers/mock.ts';
import { MOST_WAITING, PAUSE } from '../../src/sidecar/drivers/mockButton.ts';
import { FakeClock } from '../support/clock.ts';
import { BUTTON } from '../support/lineRequests.ts';

async function mock(auto?: number) {
  const clock = new FakeClock();
  const driver = new MockDriver(clock, auto);
  const open = async (request: Partial<InputRequest> = {}) => {
    const edges: [Level, number][] = [];
    const line = await driver.open(
      { ...BUTTON, ...request },
      {
        edge: (level, at) => edges.push([level, at]),
        missed: () => assert.fail('no edge was lost'),
        failed: assert.fail,
      },
    );
    return { line, edges };
  };
  return { clock, driver, open };
}

test('a press moves the wire from its rest, for as long as was asked', async () => {
  const { clock, driver, open } = await mock();
  const { line, edges } = await open();
  assert.equal(line.read(), 1);
  clock.advance(10);
  assert.equal(driver.press(17, 120), undefined);
  assert.equal(line.read(), 0);
  clock.advance(500);
  assert.equal(line.read(), 1);
  assert.deepEqual(edges, [
    [0, 10],
    [1, 130],
  ]);
  assert.equal(clock.timers, 0);
});

test('a button that rests low is pressed high', async () => {
  const { driver, open } = await mock();
  const { line } = await open({ rest: 0 });
  driver.press(17, 120);
  assert.equal(line.read(), 1);
});

test('presses that overlap come one after another, as long as they were asked for, with a pause', async () => {
  const { clock, driver, open } = await mock();
  const { edges } = await open();
  driver.press(17, 50);
  driver.press(17, 60);
  clock.advance(50 + PAUSE / 2);
  driver.press(17, 70);
  clock.advance(1000);
  assert.deepEqual(
    edges.map(([, at]) => at),
    [0, 50, 150, 210, 310, 380],
  );
});

test('the pause is longer than the debounce window', async () => {
  const { clock, driver, open } = await mock();
  const { edges } = await open({ debounce: 200 });
  driver.press(17, 300);
  driver.press(17, 300);
  clock.advance(2000);
  assert.equal((edges[2]?.[1] ?? 0) - (edges[1]?.[1] ?? 0), 400);
});

test('pins are pressed apart from each other', async () => {
  const { driver, open } = await mock();
  const one = await open();
  const two = await open({ name: 'door', gpio: 27 });
  driver.press(27, 50);
  assert.equal(one.line.read(), 1);
  assert.equal(two.line.read(), 0);
});

test('too many presses are refused, and so is a pin that is not open', async () => {
  const { clock, driver, open } = await mock();
  assert.equal(driver.press(17, 50), 'GPIO 17 is not open.');
  const { line, edges } = await open();
  for (let i = 0; i <= MOST_WAITING; i++) assert.equal(driver.press(17, 50), undefined);
  assert.equal(driver.press(17, 50), '20 presses of button wait already: try again when they are done.');
  clock.advance(60_000);
  assert.equal(edges.length, 2 * (MOST_WAITING + 1));
  await line.close();
  assert.equal(driver.press(17, 50), 'button is not open.');
});

describe('a hold', () => {
  test('is a finger that stays: each one counts from when it was said, and nothing happens in between', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open();
    for (let said = 0; said < 4; said++) {
      assert.equal(driver.hold(17, 1500), undefined);
      clock.advance(500);
    }
    clock.advance(10_000);
    assert.deepEqual(edges, [
      [0, 0],
      [1, 3000],
    ]);
    assert.equal(clock.timers, 0);
  });

  test('of 0 lets go at once, and is nothing where nobody holds', async () => {
    const { clock, driver, open } = await mock();
    const { line, edges } = await open();
    assert.equal(driver.hold(17, 0), undefined);
    driver.hold(17, 60_000);
    clock.advance(700);
    assert.equal(line.read(), 0);
    assert.equal(driver.hold(17, 0), undefined);
    assert.equal(line.read(), 1);
    assert.equal(driver.hold(17, 0), undefined);
    clock.advance(60_000);
    assert.deepEqual(edges, [
      [0, 0],
      [1, 700],
    ]);
  });

  test('is never shorter than the debounce window, or a tap would be taken for bouncing', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open({ debounce: 50 });
    driver.hold(17, 1500);
    clock.advance(5);
    driver.hold(17, 0);
    clock.advance(1000);
    driver.hold(17, 20);
    clock.advance(1000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 50, 1005, 1055],
    );
  });

  test('a second tap right after the first is one of its own, also if it was over before it could begin', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open();
    driver.hold(17, 1500);
    clock.advance(60);
    driver.hold(17, 0);
    clock.advance(20);
    driver.hold(17, 1500);
    clock.advance(40);
    driver.hold(17, 0);
    clock.advance(1000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 60, 60 + PAUSE, 100 + PAUSE],
    );
  });

  test('that came right after a press begins when the finger was off for long enough', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open();
    driver.press(17, 50);
    clock.advance(60);
    driver.hold(17, 500);
    clock.advance(1000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 50, 50 + PAUSE, 560],
    );
  });

  test('goes before presses that wait', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open();
    driver.press(17, 50);
    driver.press(17, 70);
    clock.advance(60);
    driver.hold(17, 500);
    clock.advance(5000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 50, 50 + PAUSE, 560, 560 + PAUSE, 630 + PAUSE],
    );
  });

  test('that was over before it could begin was as long as the finger stayed', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open();
    driver.press(17, 50);
    clock.advance(60);
    driver.hold(17, 1500);
    clock.advance(40);
    driver.hold(17, 1500);
    clock.advance(30);
    driver.hold(17, 0);
    clock.advance(1000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 50, 50 + PAUSE, 120 + PAUSE],
    );
  });

  test('right after a tap that still counts its debounce window is a press of its own', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open({ debounce: 25 });
    driver.hold(17, 1500);
    clock.advance(5);
    driver.hold(17, 0);
    clock.advance(5);
    driver.hold(17, 500);
    clock.advance(5000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 25, 25 + PAUSE, 510],
    );
  });

  test('takes over a press that is under way, and those that wait come after it', async () => {
    const { clock, driver, open } = await mock();
    const { edges } = await open();
    driver.press(17, 50);
    driver.press(17, 70);
    clock.advance(40);
    driver.hold(17, 500);
    clock.advance(200);
    driver.press(17, 90);
    driver.hold(17, 500);
    clock.advance(5000);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 740, 740 + PAUSE, 810 + PAUSE, 810 + 2 * PAUSE, 900 + 2 * PAUSE],
    );
  });

  test('is refused where the pin is not open, and so is one tap too many', async () => {
    const { driver, open } = await mock();
    assert.equal(driver.hold(17, 500), 'GPIO 17 is not open.');
    const { line } = await open();
    driver.press(17, 50);
    for (let i = 0; i < MOST_WAITING; i++) driver.press(17, 50);
    driver.hold(17, 500);
    assert.equal(driver.hold(17, 0), undefined);
    await line.close();
    assert.equal(driver.hold(17, 500), 'button is not open.');
    assert.equal(driver.hold(17, 0), 'button is not open.');
  });

  test('taps that would wait too long are refused', async () => {
    const { clock, driver, open } = await mock();
    await open();
    driver.press(17, 50);
    for (let i = 0; i < MOST_WAITING; i++) driver.press(17, 50);
    clock.advance(50);
    driver.hold(17, 500);
    assert.equal(driver.hold(17, 0), '20 presses of button wait already: try again when they are done.');
  });

  test('keeps the mock from pressing by itself', async () => {
    const { clock, driver, open } = await mock(1000);
    const { edges } = await open();
    driver.hold(17, 3500);
    clock.advance(4500);
    assert.deepEqual(
      edges.map(([, at]) => at),
      [0, 3500, 4000, 4120],
    );
  });
});

test('by itself it presses the first button every so often, and no other', async () => {
  const { clock, open } = await mock(5000);
  await (await mock(5000)).driver.open(
    { name: 'led', gpio: 18, direction: 'out', level: 0 },
    {
      edge: assert.fail,
      missed: () => assert.fail('no edge was lost'),
      failed: assert.fail,
    },
  );
  const first = await open();
  const second = await open({ name: 'door', gpio: 27 });
  clock.advance(10_500);
  assert.deepEqual(first.edges, [
    [0, 5000],
    [1, 5000 + AUTO_PRESS],
    [0, 10_000],
    [1, 10_000 + AUTO_PRESS],
  ]);
  assert.deepEqual(second.edges, []);
});

test('by itself it does not press a button that is held', async () => {
  const { clock, driver, open } = await mock(1000);
  const { edges } = await open();
  driver.press(17, 3500);
  clock.advance(4500);
  assert.deepEqual(
    edges.map(([, at]) => at),
    [0, 3500, 4000, 4120],
  );
});

test('closed, it keeps no timer and moves nothing', async () => {
  const { clock, driver, open } = await mock(1000);
  const { line, edges } = await open();
  driver.press(17, 100);
  await line.close();
  await driver.close();
  clock.advance(10_000);
  assert.equal(edges.length, 1);
  assert.equal(clock.timers, 0);
});

test('an output holds what is written to it', async () => {
  const { driver } = await mock();
  const line = await driver.open(
    { name: 'led', gpio: 18, direction: 'out', level: 1 },
    { edge: assert.fail, missed: () => assert.fail('no edge was lost'), failed: assert.fail },
  );
  assert.equal(line.read(), 1);
  await line.write(0);
  assert.equal(line.read(), 0);
});
