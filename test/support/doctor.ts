import type { TestContext } from 'node:test';
import { startApp, type TestApp } from './app.ts';
import { type Examination, examined } from './examined.ts';
import { type Faults, type FaultyProxy, startFaultyProxy } from './faultyProxy.ts';

export const ALLOWED = 'https://allowed.example';

/** What is said when all is well, through a proxy, with a mock, and without a Redis. */
export const WELL: Readonly<Record<string, string>> = {
  reachable: '✓ Pinstream answers',
  stream: '✓ a stream opens',
  publish: '✓ an event is taken through POST /events',
  events: '✓ events arrive one by one, at once',
  replay: '✓ Last-Event-ID brings what was missed, once and in order',
  'replay-query': '✓ last_event_id in the query brings what was missed, once and in order',
  compression: '✓ streams are not compressed',
  cors: '✓ an answer: pages of https://allowed.example may read it, others may not',
  'cors-stream': '✓ a stream: pages of https://allowed.example may read it, others may not',
  'cors-404': '✓ a 404: pages of https://allowed.example may read it, others may not',
  preflight: '✓ a preflight is answered, for keys, JSON and cursors',
  timeout: '✓ nginx waits 86400 s for the next event of a stream',
  'long-poll': '– not looked at: it takes 60 s. --slow waits for it.',
  'away-stream': '✓ while the app is away, /stream is a 200 that says when to come back',
  'away-sse': '✓ while the app is away, /sse/ is a 200 that says when to come back',
  'cors-502': '✓ a 502: pages of https://allowed.example may read it, others may not',
  gpio: '✓ the mock plays 1 pin, no real one is watched',
  redis: '– not looked at: there is no REDIS_URL here.',
  clock: '✓ the clocks agree',
  disk: '✓ 50000 MB of 100000 MB of the disk that this runs from are free',
  heartbeat: '✓ a heartbeat comes, as promised every 0.3 s',
};

/** The checks for which the app has to answer. */
export const OF_THE_APP = [
  ...['stream', 'publish', 'events', 'replay', 'replay-query', 'compression', 'cors', 'cors-stream'],
  ...['cors-404', 'preflight', 'timeout', 'long-poll', 'gpio', 'heartbeat'],
];

const SETTINGS = { HEARTBEAT: '300ms', CORS_ORIGINS: ALLOWED };

/** An app with a mock, and a proxy in front of it. */
export async function proxied(
  t: TestContext,
  faults: Faults = {},
  settings: Readonly<Record<string, string>> = {},
): Promise<{ app: TestApp; proxy: FaultyProxy }> {
  const app = await startApp({ ...SETTINGS, ...settings }, { mock: true });
  t.after(() => app.stop());
  const proxy = await startFaultyProxy(app.port, ALLOWED, faults);
  t.after(() => proxy.stop());
  return { app, proxy };
}

/** What the doctor says of a proxy that does this wrong. */
export async function withFaults(
  t: TestContext,
  faults: Faults,
  options: Examination = {},
): Promise<Record<string, string>> {
  const { proxy } = await proxied(t, faults);
  return examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED }, ...options });
}

/** The checks that are skipped, since nothing of a stream is there. */
export function skippedFor(reason: string, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `– not looked at: ${reason}`]));
}

/** What cannot be seen where nothing says that it stands in front. */
export function unseen(url: string): Record<string, string> {
  return {
    ...skippedFor(
      'nothing here says so. If something stands in front of the app: --slow looks whether a stream lasts, in 70 s.',
      'timeout',
    ),
    ...skippedFor(
      `if something stands in front of the app: stop the app, and run pinstream doctor ${url} --away`,
      'away-stream',
      'away-sse',
      'cors-502',
    ),
  };
}
