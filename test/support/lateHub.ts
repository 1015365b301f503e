import type { Frame } from '../../src/app/sse/frame.ts';
import { Hub } from '../../src/app/sse/hub.ts';
import type { Output } from '../../src/app/sse/output.ts';
import type { Bus, Page, SinceQuery } from '../../src/bus/bus.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import type { StoredEvent } from '../../src/contract/event.ts';

/** A reader that keeps what is written, and takes all of it at once. */
export class Kept implements Output {
  text = '';
  readonly unsent = 0;
  readonly sent = 0;
  async drained(): Promise<void> {}
  end(): void {}
  destroy(): void {}
  write(frame: Frame): void {
    this.text += frame.plain.toString();
  }

  get data(): string[] {
    return [...this.text.matchAll(/^data: (\d+)$/gm)].map(([, text]) => text as string);
  }

  get gaps(): string[] {
    return [...this.text.matchAll(/"gap","channel":"(\w+)","until":"\w+-(\d+)"/g)].map(
      ([, channel, n]) => `${channel} ${n}`,
    );
  }

  /** The numbers that came, those from before its cursor as `(3)`; `|` where `channels` was said, `!` where a gap was. */
  get heard(): string {
    const words = this.text.split('\n\n').map((block) => {
      if (block.includes('"type":"channels"')) return '|';
      if (block.includes('"type":"gap"')) return `!${/"until":"\w+-(\d+)"/.exec(block)?.[1] ?? ''}`;
      const data = /^data: (\d+)$/m.exec(block)?.[1];
      if (data === undefined) return '';
      return block.startsWith('id: ') ? data : `(${data})`;
    });
    return words.filter((word) => word !== '').join(' ');
  }
}

/** A store, and a hub that hears only what the test lets it hear: the doorbell may be late. */
export async function lateHub(logLength: number) {
  const bus = new MemoryBus({ logLength, logAge: 1e9, maxChannels: 100, storeBytes: 1e9 });
  const hub = new Hub();
  const rung: StoredEvent[] = [];
  await bus.start({
    open: (position) => hub.open(position),
    event: (one) => rung.push(one),
    advance() {},
    gap() {},
  });
  const { epoch } = await bus.position();
  const ring = (upTo: number) => {
    while (rung[0] && rung[0].n <= upTo) hub.event(rung.shift() as StoredEvent);
  };
  return { bus, hub, epoch, ring };
}

/** A store that lets something happen before each look into it. */
export function meddled(bus: Bus, meddle: (look: number) => Promise<void>): Bus {
  let looks = 0;
  return new Proxy(bus, {
    get(target, name) {
      if (name === 'since') {
        return async (query: SinceQuery): Promise<Page> => {
          await meddle(++looks);
          return target.since(query);
        };
      }
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
