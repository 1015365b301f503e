import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Order, Told } from './crowd.ts';
import { Reader, type Seat } from './reader.ts';

/**
 * So many knock at once; each that is let in makes place for the next. More than wait before a listening socket (511) would be
 * put off by the kernel, for seconds, and the test would measure that.
 */
const AT_THE_DOOR = 500;

/** The process of a crowd. Does what it is told to, and ends with whoever started it. */
const readers: Reader[] = [];
/** Those that have yet to come in. */
const outside: Seat[] = [];
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
let goal: number | undefined;

process.on('message', (order: Order) => {
  if (order.do === 'seat') {
    outside.push(...order.seats);
    for (let i = 0; i < AT_THE_DOOR; i++) comeIn();
  } else if (order.do === 'leave') {
    for (const reader of readers.splice(0)) reader.close();
    tell();
  } else {
    goal = order.sequence;
    look();
  }
});
process.on('disconnect', () => process.exit());

function comeIn(): void {
  const seat = outside.pop();
  if (!seat) return;
  const reader = new Reader(seat, {
    event: ({ last }) => {
      if (last === goal) look();
    },
    settled: comeIn,
    gone: () => look(),
  });
  readers.push(reader);
}

function look(): void {
  if (goal === undefined || outside.length > 0) return;
  const until = goal;
  if (!readers.every((reader) => reader.last >= until || reader.wrong)) return;
  goal = undefined;
  tell(until);
}

function tell(until = Number.POSITIVE_INFINITY): void {
  const wrong: Record<string, number> = {};
  for (const reader of readers) if (reader.wrong) wrong[reader.wrong] = (wrong[reader.wrong] ?? 0) + 1;
  process.send?.({
    there: readers.filter(({ last }) => last >= until).length,
    wrong,
    late: Math.round(delay.max / 1e6),
  } satisfies Told);
  delay.reset();
}
