import { readFileSync } from 'node:fs';
import type { ClientSpec, Line } from './history.ts';
import type { Disturbance } from './injector.ts';
import { type Finding, Life } from './life.ts';
import type { Kept, Raw } from './publishers.ts';
import type { Truth } from './truth.ts';

/** How long an app has had to be undisturbed before a raw publish, and must be after it, to answer for it. */
const SETTLED_MS = 8_000;
const ADOPTED_MS = 8_000;

export interface Heard {
  readonly deliveries: number;
  readonly gaps: number;
  readonly tail: number;
  /** Changes of channels that were done, and the events that came for them. */
  readonly changes: number;
  readonly late: number;
}

/** What the clients heard, held against what was kept. */
export function judgeClients(
  specs: readonly ClientSpec[],
  lines: Iterable<Line>,
  truth: Truth,
  logLength: number,
  found: (finding: Finding) => void,
): Heard {
  const kept = truth.kept(logLength);
  const lives = new Map<number, Life>();
  const heard = { deliveries: 0, gaps: 0, tail: 0, changes: 0, late: 0 };
  const end = (life: Life | undefined) => {
    if (!life) return;
    life.end();
    heard.deliveries += life.deliveries;
    heard.gaps += life.gaps;
    heard.tail += life.tail;
  };
  const known = new Map(specs.map((spec) => [spec.id, spec]));
  for (const line of lines) {
    if (line.is === 'channels') heard.changes++;
    if (line.is === 'late') heard.late++;
    const spec = known.get(line.c) as ClientSpec;
    if (line.is === 'life') {
      end(lives.get(line.c));
      lives.set(line.c, new Life({ spec, truth, kept, found }, line.from, spec.channels, line.t));
    } else lives.get(line.c)?.hear(line);
  }
  for (const life of lives.values()) end(life);
  return heard;
}

export function* linesOf(...files: string[]): Generator<Line> {
  for (const file of files) {
    for (const text of readFileSync(file, 'utf8').split('\n'))
      if (text !== '') yield JSON.parse(text) as Line;
  }
}

/** Client -1 stands for the publishers. */
const PUBLISHER = -1;

/** What publishers were told is kept must be, once. Answers how many were lost with the end of Redis's own file. */
export function judgeKept(kept: readonly Kept[], truth: Truth, found: (finding: Finding) => void): number {
  let tail = 0;
  for (const { id, channel, name, data, t } of kept) {
    const n = Number(id.split('-')[1]);
    const event = truth.get(n);
    if (event?.channel === channel && event.name === name && event.data === data) continue;
    if (!event && truth.isInLostTail(n)) tail++;
    else
      found({
        failing: event ? 'wrong' : 'lost',
        client: PUBLISHER,
        t,
        why: `${id} (${data.slice(0, 40)}) was acknowledged, and the log has ${event ? 'another event there' : 'it not'}`,
      });
  }
  for (const [token, events] of byToken(truth, /^[hb]:\d+/)) {
    if (events > 1)
      found({ failing: 'doubled', client: PUBLISHER, t: 0, why: `${token} was kept ${events} times` });
  }
  let sent = -1;
  for (const { data, n } of truth.events) {
    const token = /^b:(\d+)/.exec(data)?.[1];
    if (token === undefined) continue;
    if (Number(token) < sent)
      found({
        failing: 'out of order',
        client: PUBLISHER,
        t: 0,
        why: `b:${token} was kept after b:${sent}, as ${n}`,
      });
    sent = Number(token);
  }
  for (const why of truth.problems) found({ failing: 'wrong', client: PUBLISHER, t: 0, why });
  return tail;
}

/** A raw publish is kept exactly once if an app listened that was not disturbed; it is never kept twice. */
export function judgeRaw(
  sent: readonly Raw[],
  disturbances: readonly Disturbance[],
  truth: Truth,
  found: (finding: Finding) => void,
): { readonly owed: number; readonly kept: number } {
  const steady = (app: string, t: number) =>
    !disturbances.some((one) => one.app === app && one.to > t - SETTLED_MS && one.from < t + ADOPTED_MS);
  const groups = new Map<string, { times: number; owed: number; t: number }>();
  for (const { t, token, reached } of sent) {
    const group = groups.get(token) ?? { times: 0, owed: 0, t };
    groups.set(token, group);
    group.times++;
    if (reached > 0 && ['app1', 'app2'].some((app) => steady(app, t))) group.owed++;
  }
  const counts = byToken(truth, /^r:\d+/);
  let owed = 0;
  let kept = 0;
  for (const [token, group] of groups) {
    const count = counts.get(token) ?? 0;
    owed += group.owed;
    kept += count;
    const why = `${token} was published ${group.times} times, and kept ${count} times`;
    if (count > group.times) found({ failing: 'doubled', client: PUBLISHER, t: group.t, why });
    if (count < group.owed) found({ failing: 'lost', client: PUBLISHER, t: group.t, why });
  }
  return { owed, kept };
}

/** The sidecar's presses count up for good, whoever was killed. */
export function judgePresses(truth: Truth, found: (finding: Finding) => void): number {
  let last = 0;
  for (const { channel, name, data, n } of truth.events) {
    if (channel !== 'button' || name !== 'press') continue;
    const { press } = JSON.parse(data) as { press: number };
    const failing = press > last + 1 ? 'lost' : 'doubled';
    if (press !== last + 1)
      found({
        failing,
        client: PUBLISHER,
        t: 0,
        why: `press ${press} came after press ${last} (number ${n})`,
      });
    last = press;
  }
  return last;
}

function byToken(truth: Truth, form: RegExp): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { data } of truth.events) {
    const token = form.exec(data)?.[0];
    if (token !== undefined) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}
