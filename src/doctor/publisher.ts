import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { connectPublisher } from '../bus/sendEvent.ts';
import { sharesRedis } from '../bus/store.ts';
import { silentLog } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import { ask, complaintOf, objectIn, type Target } from './ask.ts';

/** Publishes a text on a channel, and answers the event's id. Throws a sentence. */
export interface Publisher {
  readonly way: string;
  publish(channel: string, data: string): Promise<string>;
  close(): Promise<void>;
}

/** To publish needs a key, and there is none here. */
export class NeedsKey extends Error {}

const PATIENCE_MS = 3_000;

/**
 * With the key, if there is one, by the same way as everybody. Without it straight into Redis, if that is reached from here; else
 * without a key, which is enough where publishing is open.
 */
export async function connect(target: Target, settings: Settings): Promise<Publisher> {
  if (target.key === '' && sharesRedis(settings)) {
    const { sendEvent, close } = await connectPublisher({ settings, patience: PATIENCE_MS, log: silentLog });
    return {
      way: 'through Redis',
      publish: (channel, data) => sendEvent('message', data, { channel }),
      close,
    };
  }
  // A connection for each event would be measured with it: over TLS and a slow Wi-Fi it takes longer than the event.
  const kept = { keepAlive: true, maxSockets: 1 };
  const agent = target.url.protocol === 'https:' ? new SecureAgent(kept) : new Agent(kept);
  return {
    way: 'through POST /events',
    publish: (channel, data) => post(target, agent, channel, data),
    close: async () => agent.destroy(),
  };
}

async function post(target: Target, agent: Agent, channel: string, data: string): Promise<string> {
  const answer = await ask(target, '/events', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel, data }),
    agent,
  });
  const { status } = answer.head;
  const id = objectIn(answer.text)?.id;
  if (status === 201 && typeof id === 'string') return id;
  if (status === 401 && target.key === '') throw new NeedsKey();
  throw new Error(
    status === 401
      ? `PUBLISH_KEY is not the key of ${target.url.origin}: the app printed it at its first start.`
      : `An event cannot be published: ${complaintOf(answer)}`,
  );
}
