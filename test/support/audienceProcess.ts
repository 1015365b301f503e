// The process of an audience. Does what it is told to, and ends with whoever started it.
import { setTimeout as pause } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { type Answer, type Findings, type Goal, isPress, isPublished, type Order } from './audience.ts';
import { type Expected, Ledger } from './ledger.ts';

const LOOK_MS = 20;
const NAMES = ['message', 'press', 'release', 'click', 'double-click', 'long-press'];

class Listener {
  readonly ledger = new Ledger();
  readonly bare: boolean;
  readonly source: EventSource;
  dead: string | undefined;
  gaps = 0;

  constructor(url: string) {
    this.bare = new URL(url).pathname === '/sse/';
    this.source = new EventSource(url);
    for (const name of NAMES) {
      this.source.addEventListener(name, ({ type, data, lastEventId }) => {
        this.ledger.add({ key: lastEventId, text: `${type} ${data}`, time: Date.now() });
      });
    }
    this.source.addEventListener('pinstream', ({ data }) => {
      if (JSON.parse(data).type === 'gap') this.gaps++;
    });
    this.source.onerror = ({ message }) => {
      if (this.source.readyState === this.source.CLOSED) this.dead = String(message);
    };
  }

  /** When it had heard all that the goal asks for. */
  liveSince({ number, pressedAfter: after }: Goal): number | null {
    const published = this.ledger.first(({ text }) => isPublished(text, number));
    if (after === undefined) return published?.time ?? null;
    const pressed = this.ledger.first(({ text }) => isPress(text, after));
    return published && pressed ? Math.max(published.time, pressed.time) : null;
  }

  judge(expected: Expected): Findings {
    const { dead, gaps } = this;
    this.gaps = 0;
    return { ...this.ledger.judge(expected), gaps, dead: dead === undefined ? [] : [dead] };
  }
}

const listeners: Listener[] = [];

process.on('message', (order: Order) => void obey(order).then((answer) => process.send?.(answer)));
process.on('disconnect', () => process.exit(0));

async function obey(order: Order): Promise<Answer> {
  if (order.do === 'open') {
    listeners.push(...order.urls.map((url) => new Listener(url)));
    await until(() => listeners.every(({ source }) => source.readyState === source.OPEN), 15_000);
    return { to: 'open' };
  }
  // Nobody waits for one that has given up.
  const alive = () => listeners.filter(({ dead }) => dead === undefined);
  if (order.do === 'await') {
    const { goal, ms } = order;
    await until(() => alive().every((listener) => listener.liveSince(goal) !== null), ms);
    return { to: 'await', times: listeners.map((listener) => listener.liveSince(goal)) };
  }
  const expected = ({ bare }: Listener) => (bare ? order.bare : order.named);
  const last = order.named.at(-1)?.[0];
  await until(() => alive().every(({ ledger }) => last === undefined || ledger.has(last)), order.ms);
  return { to: 'judge', findings: listeners.map((listener) => listener.judge(expected(listener))) };
}

async function until(met: () => boolean, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  while (!met() && performance.now() < deadline) await pause(LOOK_MS);
}
