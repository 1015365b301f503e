import type { Status } from '../client/api.ts';
import type { WireDevice, WirePin } from '../wire.ts';
import type { Refused } from './lock.ts';

/** Something that is wrong, in words, and what to do about it. `code` stands between backticks in the text. */
export interface Trouble {
  /** One place on the page for each. */
  readonly key: string;
  /** `note`: who has read it may put it away; things go on. */
  readonly tone: 'bad' | 'note';
  readonly title: string;
  readonly text: string;
  /** What a button beside it says, which does something about it at once. */
  readonly remedy?: string;
}

/** What `/readyz` says: nothing at all, that all is well, or what is not. */
export type Readiness = 'unasked' | 'silent' | 'ready' | { readonly problem: string };

/** Where it is said why pins fail, when it is the same for all. */
export const PINS_ID = 'problem-pins';
/** Where a switch that can do nothing finds its reason. */
export const OFFLINE_ID = 'problem-sidecar';

export function connectionTrouble(
  { state, reason }: Status,
  readiness: Readiness,
  online: boolean,
): Trouble | undefined {
  if (state === 'polling') return POLLING;
  if (state === 'live') return undefined;
  if (state === 'stopped')
    return bad('connection', 'This page has stopped listening', `${reason} Load the page again to go on.`);
  if (!online) return OFFLINE;
  if (readiness === 'silent' || readiness === 'unasked') return SILENT;
  return bad(
    'connection',
    'The server gives no stream',
    `${reason} This page tries again by itself. If it stays so, \`pinstream doctor\` says what is in the way.`,
  );
}

const POLLING: Trouble = {
  key: 'connection',
  tone: 'note',
  title: 'Something holds the stream back',
  text: 'A proxy between here and the server collects it. Events come all the same, asked for one batch after the other. In nginx: `proxy_buffering off` (docs/operations.md, “Behind nginx”); `pinstream doctor` finds out what it is.',
};

const OFFLINE = bad(
  'connection',
  'This device is offline',
  'It has no network at the moment. When it has one again, what happened meanwhile comes by itself.',
);

const SILENT = bad(
  'connection',
  'The server does not answer',
  'Is the Pi on, and in the network of this device? On the Pi, `docker compose ps` says what runs; without Docker, start it again: `npm start`. What happens meanwhile comes when it is back, as far as the log goes.',
);

export function lockTrouble({ reason, isWrong }: Refused): Trouble {
  const title = isWrong ? 'This key does not open these channels' : 'Reading needs a key';
  // What the server says to those who sent none is for programs.
  const why = isWrong
    ? `${reason} Enter another one`
    : 'Some of the channels are kept for those who have a key. Enter one';
  return { ...bad('lock', title, `${why}, or choose channels that are open to all.`), remedy: 'Enter a key' };
}

export function storeTrouble(readiness: Readiness): Trouble | undefined {
  if (typeof readiness === 'string') return undefined;
  const { problem } = readiness;
  if (!/redis/i.test(problem)) return bad('store', 'The server is not ready', problem);
  return bad(
    'store',
    'Redis is away',
    `${problem} Until it is back nothing is heard or published; presses wait in the sidecar. In the bundle: \`docker compose up -d redis\`; \`docker compose logs redis\` says why it ended.`,
  );
}

export function fullTrouble(reason: string): Trouble {
  return bad(
    'full',
    'The store is full',
    `${reason} Raise \`STORE_BYTES\`, or keep less: \`LOG_LENGTH\`, \`LOG_AGE\` (docs/operations.md, “Limits”). Presses are still kept.`,
  );
}

export function deviceTroubles({ state, driver, pins, dropped = 0 }: WireDevice): Trouble[] {
  if (driver === null) return [];
  if (state === 'offline') return [GONE];
  const found: Trouble[] = [];
  const failing = pins.filter(({ problem }) => problem !== undefined);
  if (failing.length > 0) found.push(failingTrouble(failing));
  for (const { name, missed = 0 } of pins) if (missed > 0) found.push(missedTrouble(name, missed));
  if (dropped > 0) found.push(droppedTrouble(dropped));
  return found;
}

const GONE = bad(
  'sidecar',
  'The sidecar is offline',
  'Presses are not seen and nothing is switched until it runs again. Start it: `docker compose up -d sidecar`, without Docker `npm run sidecar`. Its log says why it ended: `docker compose logs sidecar`.',
);

/** Why a pin fails, without its name, which stands beside it. */
export function reasonOf({ name, gpio, problem = '' }: WirePin): string {
  const head = `${name} (GPIO ${gpio}) `;
  return problem.startsWith(head) ? problem.slice(head.length) : problem;
}

/** What several pins fail for, when it is the same for all: it is said once. */
export function sharedReason(pins: readonly WirePin[]): string | undefined {
  const [first, ...others] = pins.filter(({ problem }) => problem !== undefined).map(reasonOf);
  return others.length > 0 && others.every((other) => other === first) ? first : undefined;
}

function failingTrouble(pins: readonly WirePin[]): Trouble {
  const [first] = pins;
  if (pins.length === 1 && first) return bad('pins', `${first.name} is failing`, String(first.problem));
  const names = pins.map(({ name }) => name).join(', ');
  const shared = sharedReason(pins);
  if (shared !== undefined) return bad('pins', `${pins.length} pins are failing`, `${names}: ${shared}`);
  return bad('pins', `${pins.length} pins are failing`, `${names}: each says below why, and what to do.`);
}

function missedTrouble(name: string, missed: number): Trouble {
  const title = missed === 1 ? `1 edge of ${name} was missed` : `${missed} edges of ${name} were missed`;
  return {
    key: `missed ${name}`,
    tone: 'note',
    title,
    text: 'Each may have been a press. A bad contact, or a Pi that is too busy: check the wires; `GPIO_DRIVER=gpiomon` misses less.',
  };
}

function droppedTrouble(dropped: number): Trouble {
  return {
    key: 'dropped',
    tone: 'note',
    title: dropped === 1 ? '1 event was dropped' : `${dropped} events were dropped`,
    text: 'Redis was away for longer than the sidecar could remember. A larger `OUTBOX` remembers more.',
  };
}

function bad(key: string, title: string, text: string): Trouble {
  return { key, tone: 'bad', title, text };
}
