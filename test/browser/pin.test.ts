import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import { PinRow } from '../../src/browser/page/pin.ts';
import { PinNow } from '../../src/browser/page/pinNow.ts';
import { PinSwitch } from '../../src/browser/page/pinSwitch.ts';
import type { WireDevice, WirePin } from '../../src/browser/wire.ts';

/** As much of an element as a pin needs. */
class FakeElement extends EventTarget {
  readonly dataset: Record<string, string> = {};
  ariaChecked = '';
  append(): void {}
  setAttribute(): void {}
  removeAttribute(): void {}
  click(): void {
    this.dispatchEvent(new Event('click'));
  }
}

before(() => {
  Object.assign(globalThis, { document: { createElement: () => new FakeElement() } });
});

describe('a switch', () => {
  /** A switch whose device says nothing, and a server that answers when the test says so. */
  function switched(t: TestContext) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const sent: number[] = [];
    let answer = (_done: boolean) => {};
    const { element } = new PinSwitch('led', (value) => {
      sent.push(value);
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    return {
      element,
      sent,
      async answered(done: boolean) {
        answer(done);
        for (let i = 0; i < 10; i++) await Promise.resolve();
      },
      passes: (ms: number) => t.mock.timers.tick(ms),
    };
  }

  test('stays where it was put for a while, and goes back when the device never says so', async (t) => {
    const { element, answered, passes } = switched(t);
    element.click();
    await answered(true);
    passes(1_999);
    assert.equal(element.ariaChecked, 'true');
    passes(1);
    assert.equal(element.ariaChecked, 'false');
  });

  test('the doubt about one tap does not end the next one', async (t) => {
    const { element, sent, answered, passes } = switched(t);
    element.click();
    await answered(false);
    assert.equal(element.ariaChecked, 'false');
    element.click();
    passes(5_000);
    assert.equal(element.ariaChecked, 'true', 'it is still on its way');
    await answered(true);
    assert.deepEqual([element.ariaChecked, sent], ['true', [1, 1]]);
    passes(2_000);
    assert.equal(element.ariaChecked, 'false');
  });
});

test('a press that is over is shown for a moment, however late the screen is drawn', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let clock = 1_000;
  t.mock.method(performance, 'now', () => clock);
  const now = new PinNow();
  const pin: WirePin = { name: 'button', gpio: 17, direction: 'in', level: 0 };
  now.state(pin, { id: 'k-1', at: 1 });
  const actions = { hold: async () => true, set: async () => true };
  const row = new PinRow('button', now, actions);
  const device: WireDevice = { state: 'online', driver: 'gpiomon', pins: [pin] };
  row.hear(device);
  const passes = (ms: number) => {
    clock += ms;
    t.mock.timers.tick(ms);
  };
  row.draw();
  row.light();
  passes(400);
  assert.equal(row.element.dataset.level, 'released');
  row.draw();
  assert.equal(row.element.dataset.level, 'pressed');
  passes(100);
  row.draw();
  assert.equal(row.element.dataset.level, 'pressed');
  passes(50);
  assert.equal(row.element.dataset.level, 'released');
});
