// Makes things go wrong at random while events flow, and compares what was acknowledged, what was kept and what everybody heard.
// `npm run test:faults -- [--minutes 3] [--seed N] [--every MS] [--without kill,pause] [--keep FOLDER]`. The same seed makes the
// same schedule; what meets what in time differs.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { matches } from '../../src/contract/channel.ts';
import type { ClientSpec } from './history.ts';
import { type Clients, Injector } from './injector.ts';
import { judgeClients, judgeKept, judgePresses, judgeRaw, linesOf } from './judge.ts';
import { FAILINGS, type Finding } from './life.ts';
import type { Answer, Order } from './listenerProcess.ts';
import { HttpPublisher, keptByBackend, RawPublisher } from './publishers.ts';
import { Random } from './random.ts';
import { type Fault, scheduleOf, worded } from './schedule.ts';
import { Truth } from './truth.ts';
import { LOG_LENGTH, World } from './world.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    every: { type: 'string', default: '2700' },
    without: { type: 'string', default: '' },
    keep: { type: 'string' },
  },
});
const seed = Number(values.seed);
const length = Number(values.minutes) * 60_000;

const CHANNELS = ['chatty', 'news', 'room-1', 'room-2', 'room-3', 'logs'];
/** The first one is the busiest: its log turns over while somebody is away. */
const WEIGHTED = ['chatty', 'chatty', 'chatty', 'chatty', ...CHANNELS];
const RATES = { http: 14, backend: 10, raw: 8 };
const CLIENTS = 48;
const PROCESSES = 2;
/** Some client asks for other channels. */
const CHANGE_MS = 500;
const FINISH_MS = 60_000;
/** Longer than any retry, lease or back-off: after it everything is as it was. */
const SETTLE_MS = 8_000;
/** For the start, the end and the judge. */
const PATIENCE_MS = 360_000;
const MOST_FINDINGS = 20;
const LINES_AROUND = 12;

const random = new Random(seed);
const folder = mkdtempSync(join(tmpdir(), 'pinstream-faults-'));
chmodSync(folder, 0o755); // nginx's workers are somebody else
const without = values.without.split(',');
const schedule = scheduleOf(random, length, Number(values.every)).filter(
  ({ what }) => !without.includes(what),
);
process.stdout.write(`Seed ${seed}: ${schedule.length} faults in ${values.minutes} minutes, in ${folder}\n`);

setTimeout(() => {
  throw new Error(
    `It has not come to its end after ${PATIENCE_MS / 60_000} minutes more than it should take; see ${folder}`,
  );
}, length + PATIENCE_MS).unref();
const world = await World.start({ folder, seed, backend: { rate: RATES.backend, channels: WEIGHTED } });
const t0 = Date.now();
const started = performance.now();
const now = () => performance.now() - started;

const specs = Array.from({ length: CLIENTS }, (_, id) => specOf(id));
const files = Array.from({ length: PROCESSES }, (_, i) => join(folder, `heard-${i}`));
const listeners = files.map((_, i) => listener(`listeners-${i}`));
await Promise.all(
  listeners.map((child, i) =>
    asked(child, {
      do: 'begin',
      clients: specs.filter(({ id }) => id % PROCESSES === i),
      file: files[i] as string,
      t0,
    }),
  ),
);
const order = (client: number, what: Order) => (listeners[client % PROCESSES] as ChildProcess).send(what);
const changing = new Set(specs.filter(({ session }) => session !== undefined).map(({ id }) => id));
const clients: Clients = {
  ids: specs.map(({ id }) => id),
  pause: (client, ms) => order(client, { do: 'pause', client, ms }),
  leave: (client, ms) => changing.has(client) || order(client, { do: 'leave', client, ms }),
  back: (client, share) => changing.has(client) || order(client, { do: 'back', client, share }),
};

const http = new HttpPublisher(world.doors.nginx, seed + 2, WEIGHTED, t0);
const raw = new RawPublisher(world.redisPort, seed + 3, WEIGHTED, t0);
const injector = new Injector(world, clients, (count) => http.sendHuge(count), now);
const chance = new Random(seed + 1);
const changes = setInterval(() => {
  const client = chance.pick([...changing]);
  const channels = ['news', ...chance.some(CHANNELS.slice(2), chance.between(1, 3))];
  order(client, { do: 'change', client, channels });
}, CHANGE_MS);
http.start(RATES.http);
raw.start(RATES.raw);

for (const fault of schedule) {
  await sleep(Math.max(0, fault.at - now()));
  injector.begin(fault);
  progress(fault);
}
await sleep(Math.max(0, length - now()));
await injector.settled();
clearInterval(changes);
await sleep(SETTLE_MS);
await Promise.all([http.stop(), raw.stop()]);
await world.part('backend').end();
await sleep(SETTLE_MS);

// One more event on each channel: who has it has all before it.
const ends = new Map<string, number>();
for (const channel of [...CHANNELS, 'bulk']) ends.set(channel, await http.last(channel));
const goals = specs.map(({ id, channels }) => {
  const own = [...ends].filter(([channel]) => channels.some((name) => matches(name, channel)));
  return [id, Math.max(...own.map(([, n]) => n), 0)] as const;
});
const finished = await Promise.all(
  listeners.map((child, i) =>
    asked(child, { do: 'finish', goals: goals.filter(([id]) => id % PROCESSES === i), ms: FINISH_MS }),
  ),
);
await Promise.all(listeners.map((child) => asked(child, { do: 'end' })));
await world.stop();

const findings: Finding[] = [];
const found = (finding: Finding) => findings.push(finding);
for (const answer of finished) {
  for (const [client, n] of answer.is === 'finished' ? answer.behind : [])
    found({ failing: 'lost', client, t: now(), why: `it stopped at ${n}, and heard nothing of the end` });
}
const truth = Truth.read(join(folder, 'redis/appendonlydir'), 'pinstream:log:');
const heard = judgeClients(specs, linesOf(...files), truth, LOG_LENGTH, found);
const backend = keptByBackend(world.log('backend'));
const tail = judgeKept([...http.kept, ...backend.kept], truth, found);
const adopted = judgeRaw(raw.sent, injector.disturbances, truth, found);
const presses = tail + heard.tail > 0 ? 'not counted, since Redis lost its tail' : judgePresses(truth, found);
const problems = [...world.problems, ...http.refused, ...backend.gaveUp];
report();

function specOf(id: number): ClientSpec {
  const door = random.weighted([
    [8, 'nginx'],
    [1, 'app1'],
    [1, 'app2'],
  ] as const);
  const kind = random.weighted([
    [10, 'stream'],
    [8, 'envelope'],
    [4, 'sse'],
    [3, 'poll'],
    [2, 'xhr'],
  ] as const);
  const url = world.doors[door];
  if (id < 4) {
    const session = Array.from({ length: 32 }, () => random.between(0, 15).toString(16)).join('');
    return { id, kind: 'envelope', url, session, channels: ['news', 'room-1'] };
  }
  const channels = random.weighted([
    [4, ['*']],
    [2, ['room-*', 'button']],
    [2, ['chatty']],
    [1, ['chatty', 'sse']],
    [3, random.some([...CHANNELS, 'button', 'device', 'bulk'], random.between(2, 6))],
  ]);
  // Something that everybody hears in the end.
  return { id, kind, url, channels: [...new Set([...channels, 'news'])] };
}

function listener(name: string): ChildProcess {
  const child = fork(fileURLToPath(new URL('listenerProcess.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  });
  child.on('exit', (code) => {
    if (code !== 0) throw new Error(`${name} ended with ${code}: nobody knows what its clients heard.`);
  });
  return child;
}

async function asked(child: ChildProcess, what: Order): Promise<Answer> {
  child.send(what);
  const [answer] = (await once(child, 'message')) as [Answer];
  return answer;
}

function progress(fault: Fault): void {
  if (process.stdout.isTTY || values.keep !== undefined) process.stdout.write(`${worded(fault)}\n`);
}

function report(): void {
  const counts = FAILINGS.map(
    (failing) => `${failing} ${findings.filter((one) => one.failing === failing).length}`,
  );
  const kinds = new Map<string, number>();
  for (const { what } of schedule) kinds.set(what, (kinds.get(what) ?? 0) + 1);
  const good = findings.length === 0 && problems.length === 0;
  if (!good) explain();
  process.stdout.write(
    `
seed          ${seed}
duration      ${values.minutes} minutes
faults        ${injector.done}: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}
published     ${truth.events.length} kept: HTTP ${http.kept.length}, sendEvent ${backend.kept.length}, raw ${adopted.kept} of ${raw.sent.length} (owed ${adopted.owed}), presses ${presses}
deliveries    ${heard.deliveries} to ${specs.length} clients
gaps told     ${heard.gaps}
changes       ${heard.changes} of channels, with ${heard.late} events after the fact
lost by Redis ${tail} acknowledged (killed before they were in its file), ${heard.tail} heard
problems      ${problems.length}
${counts.join(' · ')}
`,
  );
  if (values.keep !== undefined) renameSync(folder, values.keep);
  else if (good) rmSync(folder, { recursive: true, force: true });
  process.exitCode = good ? 0 : 1;
}

/** What is needed to find out why, and to do it again. */
function explain(): void {
  const lines = [
    `seed ${seed}: do it again with --seed ${seed} --minutes ${values.minutes} --every ${values.every}${values.without && ` --without ${values.without}`}`,
    '',
  ];
  lines.push('The schedule:', ...schedule.map(worded), '', 'Problems:', ...problems, '');
  const all = [...linesOf(...files)];
  for (const spec of specs) {
    const own = findings.filter(({ client }) => client === spec.id);
    if (own.length > 0) lines.push(`client ${spec.id}, ${spec.kind} of ${spec.channels}: ${own.length}`);
  }
  for (const { failing, client, t, why } of someOf(findings)) {
    lines.push(`${failing}, client ${client} at ${(t / 1000).toFixed(1)} s: ${why}`);
    const own = all.filter((line) => line.c === client);
    const middle = own.findIndex((line) => line.t >= t);
    const from = Math.max(0, middle - LINES_AROUND);
    lines.push(...own.slice(from, from + 2 * LINES_AROUND).map((line) => `    ${JSON.stringify(line)}`));
    const spec = specs.find(({ id }) => id === client);
    if (spec) lines.push(`    ${JSON.stringify({ ...spec, session: spec.session && '…' })}`);
  }
  appendFileSync(join(folder, 'report.txt'), `${lines.join('\n')}\n`);
  process.stdout.write(`${lines.join('\n')}\n\nEverything is in ${values.keep ?? folder}\n`);
}

/** Some of them: of each failing client the first ones. */
function someOf(all: readonly Finding[]): Finding[] {
  const seen = new Map<string, number>();
  return all
    .filter(({ client, failing }) => {
      const key = `${client} ${failing}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return (seen.get(key) as number) <= 2;
    })
    .slice(0, MOST_FINDINGS);
}
