// A process with many clients. It is told what to do by the process that has started it, and writes down what they hear.
import { createWriteStream } from 'node:fs';
import type { Client, Said } from './client.ts';
import type { ClientSpec } from './history.ts';
import { PollClient } from './pollClient.ts';
import { StreamClient } from './streamClient.ts';

export type Order =
  | {
      readonly do: 'begin';
      readonly clients: readonly ClientSpec[];
      readonly file: string;
      readonly t0: number;
    }
  | { readonly do: 'pause' | 'leave'; readonly client: number; readonly ms: number }
  | { readonly do: 'back'; readonly client: number; readonly share: number }
  | { readonly do: 'change'; readonly client: number; readonly channels: readonly string[] }
  /** Answer when each client has come to its number, or has died. */
  | {
      readonly do: 'finish';
      readonly goals: readonly (readonly [client: number, n: number])[];
      readonly ms: number;
    }
  | { readonly do: 'end' };

export type Answer =
  | { readonly is: 'begun' }
  | { readonly is: 'finished'; readonly behind: readonly (readonly [client: number, n: number])[] }
  | { readonly is: 'ended'; readonly events: number };

const LOOK_MS = 50;
const clients = new Map<number, Client>();
let events = 0;
let out: ReturnType<typeof createWriteStream> | undefined;

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit(0));

async function obey(order: Order): Promise<void> {
  if (order.do === 'begin') begin(order);
  else if (order.do === 'pause') clients.get(order.client)?.pause(order.ms);
  else if (order.do === 'leave') clients.get(order.client)?.leave(order.ms);
  else if (order.do === 'back') clients.get(order.client)?.goBack(order.share);
  else if (order.do === 'change') clients.get(order.client)?.change(order.channels);
  else if (order.do === 'finish') await finish(order.goals, order.ms);
  else end();
}

function begin({ clients: specs, file, t0 }: Order & { do: 'begin' }): void {
  out = createWriteStream(file);
  for (const spec of specs) {
    const say = (said: Said) => {
      if (said.is === 'event' || said.is === 'late') events++;
      out?.write(`${JSON.stringify({ t: Date.now() - t0, c: spec.id, ...said })}\n`);
    };
    const polls = spec.kind === 'poll' || spec.kind === 'xhr';
    clients.set(spec.id, polls ? new PollClient(spec, say) : new StreamClient(spec, say));
  }
  answer({ is: 'begun' });
}

async function finish(goals: readonly (readonly [number, number])[], ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  const behind = () =>
    goals.flatMap(([id, n]) => {
      const client = clients.get(id);
      return client && !client.dead && client.n < n ? [[id, client.n] as const] : [];
    });
  while (behind().length > 0 && performance.now() < deadline)
    await new Promise((done) => setTimeout(done, LOOK_MS));
  answer({ is: 'finished', behind: behind() });
}

function end(): void {
  for (const client of clients.values()) client.stop();
  out?.end(() => {
    answer({ is: 'ended', events });
    process.disconnect();
  });
}

function answer(said: Answer): void {
  process.send?.(said);
}
