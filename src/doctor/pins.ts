import { type DeviceState, parseDevice } from '../contract/device.ts';
import { ask, complaintOf, shown } from './ask.ts';
import type { Case } from './case.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';

const NAME = 'gpio';

/** Whether somebody watches the pins, and what is wrong with each. `lives`: what Redis knows of the sidecar, where it is asked. */
export async function checkPins({ target }: Case, lives: boolean | undefined): Promise<Finding[]> {
  const answer = await ask(target, '/pins');
  const { status } = answer.head;
  if (status === 401 || status === 403)
    return [skipped(NAME, 'to see the device needs a key: PUBLISH_KEY may read everything.')];
  const device = status === 200 && answer.whole ? parseDevice(answer.text) : undefined;
  if (!device) return [fault(NAME, `GET /pins does not say how the pins are: ${complaintOf(answer)}`)];
  if (device.driver === null && lives === undefined) return [skipped(NAME, 'no sidecar has ever run here.')];
  // One that ends at each start, since its PINS are wrong, never gets as far as Redis.
  if (device.driver === null && !lives)
    return [fault(NAME, 'No sidecar has ever started here: docker compose logs sidecar says why.')];
  if (device.driver === null)
    return [fault(NAME, 'The sidecar has only just started, and has not said how its pins are. Look again.')];
  if (device.state === 'offline' || lives === false)
    return [
      fault(
        NAME,
        'No sidecar runs, or it has not said so for 10 s: nobody watches the pins. Start it, or look at its log (docker compose up -d sidecar; docker compose logs sidecar).',
      ),
    ];
  return pinFindings(device);
}

function pinFindings({ driver, pins, dropped = 0 }: DeviceState): Finding[] {
  const failing = pins.filter(({ problem }) => problem !== undefined);
  if (failing.length > 0) return failing.map(({ problem }) => fault(NAME, shown(String(problem)))); // each names its pin
  const opening = pins.filter(({ direction, level }) => direction === 'in' && level === null);
  if (opening.length > 0)
    return [fault(NAME, `${shown(opening.map(({ name }) => name).join(', '))}: not open yet. Look again.`)];
  const notes = [
    ...pins
      .filter(({ missed = 0 }) => missed > 0)
      .map(({ name, missed }) => `at least ${missed} edges of ${shown(name)} were missed since it started`),
    ...(dropped > 0 ? [`${dropped} events were dropped while Redis was away`] : []),
  ];
  const count = pins.length === 1 ? '1 pin' : `${pins.length} pins`;
  const watch =
    driver === 'mock'
      ? `the mock plays ${count}, no real one is watched`
      : `${count} watched (${shown(String(driver))})`;
  return [ok(NAME, [watch, ...notes].join('; '))];
}
