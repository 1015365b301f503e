import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { LAPTOP, needsEngine, type Part, suiteBundle } from '../support/bundle.ts';
import { type Mapping, mappingsOf, shareOf } from '../support/memory.ts';

const PARTS: readonly Part[] = ['app', 'sidecar', 'nginx', 'redis'];
const BUDGET_MB = { app: 90, sidecar: 70, nginx: 20, redis: 20 };
/** What each may grow to in the kernel's own count, in which Node's binary, say, is there for each container that runs it. */
const MOST_RSS_MB = { app: 104, sidecar: 78, nginx: 30, redis: 20 };
/** How often each may be woken in a second: what it costs to idle, whatever else the machine or its host has to do. */
const MOST_WOKEN = { app: 40, sidecar: 150, nginx: 5, redis: 40 };
/**
 * Of one core, all parts together. It is 1.5 % where nobody else is at work, and has been seen at five times as much, for each part
 * and for older versions alike, where others are: so this finds only what never comes to rest.
 */
const MOST_CPU = 0.2;
/** What a start still has to do is not idling. */
const SETTLED_MS = 10_000;
const IDLE_MS = 30_000;

describe('the bundle at rest, with one page open', () => {
  const bundle = suiteBundle(LAPTOP);
  before(async () => {
    needsEngine();
    await bundle.remove();
    await bundle.compose('up', '-d', '--build', '--wait');
  });
  after(() => bundle.remove());

  test('suits a Pi: little memory, and hardly any of a core', async (t) => {
    const source = new EventSource(`${bundle.url}/stream?channel=*`);
    t.after(() => source.close());
    await once(source, 'open');
    await pause(SETTLED_MS);
    const wokeBefore = await Promise.all(PARTS.map(wakings));
    const cpu = await cpuAtRest();
    const woke = await Promise.all(PARTS.map(wakings));
    const woken = woke.map((now, i) => (now - (wokeBefore[i] as number)) / (IDLE_MS / 1000));
    const mappings = await Promise.all(PARTS.map(mappingsIn));
    const all = mappings.flat();
    const rows = PARTS.map((part, i) => {
      const own = mappings[i] as readonly Mapping[];
      return {
        part,
        resident: shareOf(own, all),
        rss: sum(own.map(({ rss }) => rss)),
        cpu: cpu[i] as number,
      };
    });
    console.log(asText(rows));
    console.log(`Woken a second: ${woken.map((often, i) => `${PARTS[i]} ${often.toFixed(1)}`).join(', ')}.`);
    for (const { part, resident, rss } of rows) {
      assert.ok(resident > 1e6, `what ${part} takes cannot be read: ${megabytes(resident)}`);
      assert.ok(resident < BUDGET_MB[part] * 1e6, `${part}: ${megabytes(resident)} resident`);
      assert.ok(rss < MOST_RSS_MB[part] * 1e6, `${part}: ${megabytes(rss)} RSS`);
    }
    for (const [i, part] of PARTS.entries())
      assert.ok((woken[i] as number) < MOST_WOKEN[part], `${part} is woken ${woken[i]} times a second`);
    assert.ok(sum(cpu) < MOST_CPU, `${percent(sum(cpu))} of a core`);
  });

  /** How often the threads of a part have gone to sleep, and so been woken. */
  async function wakings(part: Part): Promise<number> {
    const script =
      'cat /proc/[0-9]*/task/[0-9]*/status 2>/dev/null | sed -n "s/^voluntary_ctxt_switches:[[:space:]]*//p"';
    const said = await bundle.exec(part, 'sh', '-c', script);
    return sum(said.trim().split('\n').map(Number));
  }

  /** The share of a core that each part uses. */
  async function cpuAtRest(): Promise<number[]> {
    const before = await Promise.all(PARTS.map(cpuSeconds));
    const from = performance.now();
    await pause(IDLE_MS);
    const used = await Promise.all(PARTS.map(cpuSeconds));
    const seconds = (performance.now() - from) / 1000;
    return used.map((now, i) => (now - (before[i] as number)) / seconds);
  }

  /** What the whole container has used, its health checks too, as the kernel's control group counts it (version 2, or 1). */
  async function cpuSeconds(part: Part): Promise<number> {
    const script =
      'if [ -f /sys/fs/cgroup/cpu.stat ]; then sed -n "s/^usage_usec //p" /sys/fs/cgroup/cpu.stat; ' +
      'else echo "$(cat /sys/fs/cgroup/cpuacct/cpuacct.usage)n"; fi';
    const said = (await bundle.exec(part, 'sh', '-c', script)).trim();
    return said.endsWith('n') ? Number(said.slice(0, -1)) / 1e9 : Number(said) / 1e6;
  }

  async function mappingsIn(part: Part): Promise<Mapping[]> {
    // Without the shell that reads it, and what it has started.
    const script =
      'for process in /proc/[0-9]*; do case $process in */$$) ;; *) cat $process/smaps ;; esac; done 2>/dev/null';
    return mappingsOf(await bundle.exec(part, 'sh', '-c', script));
  }
});

interface Row {
  readonly part: Part;
  readonly resident: number;
  readonly rss: number;
  readonly cpu: number;
}

function sum(parts: readonly number[]): number {
  return parts.reduce((before, one) => before + one, 0);
}

function asText(rows: readonly Row[]): string {
  const all = (what: 'resident' | 'rss' | 'cpu') => sum(rows.map((row) => row[what]));
  const lines = [
    ['part', 'resident', 'budget', '(sum of RSS)', 'CPU'],
    ...rows.map(({ part, resident, rss, cpu }) => [
      part,
      megabytes(resident),
      `${BUDGET_MB[part]} MB`,
      megabytes(rss),
      percent(cpu),
    ]),
    ['together', megabytes(all('resident')), '', megabytes(all('rss')), percent(all('cpu'))],
  ];
  return [
    `At rest for ${IDLE_MS / 1000} s, with one stream. Resident: pages that several processes of the bundle map are there once, and`,
    'are divided among them; RSS counts them for each. CPU is that of the whole container, its health checks too.',
    ...lines.map((line) => line.map((cell) => cell.padEnd(14)).join('')),
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
