// Publishes into Redis and listens to a stream, in a process of its own: rawPublisher.ts REDIS URL WARM EVENTS PID…
// Prints what was lost or doubled and what the processes used for the events after the warm ones.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Redis } from 'ioredis';
import { cpuNs } from './proc.ts';

const IN_FLIGHT = 64;
const PATIENCE_MS = 60_000;

const [redisUrl = '', url = '', ...numbers] = process.argv.slice(2);
const [warm = 0, events = 0, ...pids] = numbers.map(Number);

const redis = new Redis(redisUrl);
const [stream] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
let heard = 0;
let lost = 0;
let doubled = 0;
let rest = '';
let changed: () => void = () => undefined;
stream.setEncoding('utf8').on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const sequence = Number(/^data: #(\d{10}) /.exec(line)?.[1] ?? Number.NaN);
    if (Number.isNaN(sequence)) continue;
    if (sequence <= heard) doubled++;
    else {
      lost += sequence - heard - 1;
      heard = sequence;
    }
  }
  changed();
});

/** Redis is away. */
function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

let sent = 0;
/** Until the last of so many has been heard. */
async function publish(count: number): Promise<void> {
  const end = sent + count;
  const late = AbortSignal.timeout(PATIENCE_MS);
  late.addEventListener('abort', () => changed());
  while (heard < end && !late.aborted) {
    while (sent < end && sent - heard < IN_FLIGHT)
      redis.publish('bench', `#${String(++sent).padStart(10, '0')} ${'x'.repeat(88)}`).catch(fail);
    if (heard < end)
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
  }
  lost += end - heard;
}

await publish(warm);
const before = pids.map(cpuNs);
const began = performance.now();
await publish(events);
const seconds = (performance.now() - began) / 1_000;
const used = Object.fromEntries(pids.map((pid, i) => [pid, cpuNs(pid) - (before[i] ?? 0)]));
const deliveries = events - lost;
process.stdout.write(
  `${JSON.stringify({ phase: 'raw', streams: 1, events, deliveries, lost, doubled, unordered: 0, seconds, cpuNs: used })}\n`,
);
process.exit(0);
