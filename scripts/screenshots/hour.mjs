import { dice } from './clock.mjs';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What happens in an hour: when, in milliseconds from its beginning, and what is done then. In its order. */
export function quietHour() {
  const random = dice(7);
  const between = (least, most) => Math.round(least + random() * (most - least));
  const plan = [];
  const press = (at, name, ms) => plan.push({ at, pin: name, command: { press: ms } });
  const led = (at, command) => plan.push({ at, pin: 'led', command });
  const tell = (at, channel, event, data) => plan.push({ at, event: { channel, event, data } });

  // Somebody comes through the door every few minutes, and mostly rings before.
  for (let at = 2 * MINUTE; at < HOUR - 3 * MINUTE; at += between(2.2 * MINUTE, 5 * MINUTE)) {
    press(at, 'button', between(90, 260));
    if (random() < 0.4) press(at + 340, 'button', between(80, 160));
    if (random() < 0.3) press(at + 9_000, 'button', between(1_200, 2_600));
    led(at + 4_000, { value: 1 });
    press(at + 12_000, 'door', between(6_000, 38_000));
    led(at + between(50_000, 95_000), { value: 0 });
  }
  for (const [room, celsius, humidity, offset] of [
    ['attic', 17.2, 61, 20_000],
    ['kitchen', 21.6, 47, 50_000],
  ]) {
    for (let at = offset; at < HOUR; at += MINUTE) {
      const wave = Math.sin(at / (9 * MINUTE));
      tell(at, `room-${room}`, 'reading', {
        celsius: Number((celsius + wave * 0.8 + random() * 0.2).toFixed(1)),
        humidity: Math.round(humidity - wave * 3 + random()),
      });
    }
  }
  const deploys = [
    [11 * MINUTE, 'api', '4.18.0', 41],
    [37 * MINUTE, 'web', '9.2.1', 63],
    [HOUR - 58_000, 'api', '4.18.1', 38],
  ];
  for (const [at, service, version, seconds] of deploys) {
    tell(at, 'deploy', 'started', { service, version, by: 'nadia' });
    tell(at + seconds * 1_000, 'deploy', 'done', { service, version, seconds });
  }
  press(HOUR - 75_400, 'button', 140);
  press(HOUR - 75_000, 'button', 120);
  led(HOUR - 70_000, { value: 1 });
  press(HOUR - 66_000, 'door', 9_500);
  tell(HOUR - 34_000, 'notes', 'message', 'Parcel for the second floor is behind the door.');
  tell(HOUR - 16_000, 'notes', 'message', 'شكراً، سآخذه الآن');
  return inOrder(plan);
}

/** An evening with three buzzers: presses all the time, and in waves. */
export function busyHour() {
  const random = dice(11);
  const plan = [];
  for (const [pin, every] of [
    ['red', 17_000],
    ['blue', 26_000],
    ['bell', 110_000],
  ]) {
    for (let at = 5_000; at < HOUR - 20_000; at += every * (0.3 + random() * 1.4)) {
      // Between the rounds everybody talks.
      if (at % (15 * MINUTE) > 12 * MINUTE) continue;
      const ms = Math.round(pin === 'bell' ? 1_500 + random() * 4_000 : 90 + random() * 700);
      plan.push({ at, pin, command: { press: ms } });
    }
  }
  for (let at = 0; at < HOUR; at += 15 * MINUTE) {
    plan.push({ at: at + 2_000, pin: 'lamp', command: { value: 1 } });
    plan.push({ at: at + 12 * MINUTE, pin: 'lamp', command: { value: 0 } });
  }
  return inOrder(plan);
}

function inOrder(plan) {
  return plan.sort((one, other) => one.at - other.at);
}

/** Lets it happen, through the doors that everybody uses. */
export async function live(product, plan, until = HOUR) {
  const from = product.clock.now();
  for (const { at, pin, command, event } of plan) {
    if (at < from) continue;
    if (at > until) break;
    await product.pass(at - product.clock.now());
    if (pin) await product.pin(pin, command);
    else await product.publish(event);
  }
  await product.pass(Math.max(0, until - product.clock.now()));
}
