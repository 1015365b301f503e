import { BusError } from '../bus/bus.ts';
import { GaveUp, Producer } from '../bus/producer.ts';
import { createStore } from '../bus/store.ts';
import { formatCursor } from '../contract/cursor.ts';
import { createLog } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import type { Door } from './door.ts';

/** Straight into Redis, one event at a time. */
export async function redisDoor(settings: Settings, channel: string, name: string): Promise<Door> {
  const { bus } = createStore(settings, createLog({ level: 'error' }));
  await bus.start();
  const producer = new Producer(bus);
  return {
    most: 1,
    async send([data = ''], patience) {
      try {
        const { epoch, n } = await producer.send({ channel, name, data, at: Date.now() }, patience);
        return [{ id: formatCursor(epoch, n) }];
      } catch (error) {
        const { message } = error as Error;
        if (error instanceof GaveUp) return [{ problem: message, away: true }];
        if (error instanceof BusError && error.reason === 'full') return [{ problem: message, away: false }];
        throw error;
      }
    },
    async close() {
      producer.close();
      await bus.close();
    },
  };
}
