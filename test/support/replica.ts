import { BusError } from '../../src/bus/bus.ts';
import { Keeper } from '../../src/bus/keeper.ts';
import { RedisBus } from '../../src/bus/redisBus.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { Heard } from './heard.ts';

const LIMITS = { logLength: 100_000, logAge: 86_400_000, maxChannels: 100, storeBytes: 100_000_000 };

export interface ReplicaOptions {
  readonly adopt?: readonly string[];
  readonly storeBytes?: number;
  readonly logLength?: number;
  readonly log?: Log;
}

/** A link on which what is heard can be held up: all of it, or the doorbell alone. It can be cut off from saying anything. */
class HeldLink extends RedisLink {
  held: (() => void)[] | undefined;
  deaf = false;
  mute = false;
  paused: Promise<void> | undefined;

  override ask: RedisLink['ask'] = async (work) => {
    if (this.mute) throw new BusError('away', 'Cut off by the test.');
    await this.paused;
    return super.ask(work);
  };

  override hear(channel: string, hearer: (text: string) => void): void {
    super.hear(channel, (text) => {
      if (this.held && (this.deaf || channel === this.names.doorbell)) this.held.push(() => hearer(text));
      else hearer(text);
    });
  }

  override hearPatterns(...[patterns, hearer]: Parameters<RedisLink['hearPatterns']>): void {
    super.hearPatterns(patterns, (...heard) => {
      if (this.held && this.deaf) this.held.push(() => hearer(...heard));
      else hearer(...heard);
    });
  }
}

/** One app's share in the adopting: a link, a bus, a keeper, and what it heard. */
export class Replica {
  readonly heard = new Heard();
  readonly odd: string[] = [];
  readonly link: HeldLink;
  readonly bus: RedisBus;
  readonly keeper: Keeper;
  adopted = 0;

  constructor(url: string, { adopt = ['*'], log = silentLog, ...limits }: ReplicaOptions = {}) {
    this.link = new HeldLink({ url, prefix: 'pinstream:' }, silentLog);
    this.bus = new RedisBus(this.link, { ...LIMITS, ...limits });
    this.keeper = new Keeper(
      this.link,
      this.bus,
      {
        adopt,
        counts: { adopted: () => this.#count(), odd: (reason) => this.#note(reason) },
        duty: async () => undefined,
      },
      log,
    );
  }

  async start(): Promise<this> {
    this.keeper.start();
    const { heard, keeper } = this;
    await this.bus.start({
      open: (position) => {
        keeper.open();
        heard.open(position);
      },
      event: (event) => {
        keeper.event(event);
        heard.event(event);
      },
      advance: (n) => heard.advance(n),
      gap: (gap) => {
        keeper.gap(gap);
        heard.gap(gap);
      },
    });
    await heard.until(() => heard.opened.length > 0);
    return this;
  }

  holdDoorbell(): void {
    this.link.held = [];
  }

  /** Raw publishes and markers too. */
  holdEar(): void {
    this.link.deaf = true;
    this.holdDoorbell();
  }

  release(): void {
    const held = this.link.held ?? [];
    this.loseDoorbell();
    for (const ring of held) ring();
  }

  /** What was held up is never heard, as when the connection was cut. */
  loseDoorbell(): void {
    this.link.held = undefined;
    this.link.deaf = false;
  }

  /** As a killed process: nothing is given back. */
  async crash(): Promise<void> {
    const { keeper, bus } = this;
    await bus.close();
    await keeper.stop();
  }

  async stop(): Promise<void> {
    await this.keeper.stop();
    await this.bus.close();
  }

  get texts(): string[] {
    return this.heard.events.map(({ raw, data }) => raw ?? data);
  }

  #count(): void {
    this.adopted++;
    this.heard.poke();
  }

  #note(reason: string): void {
    this.odd.push(reason);
    this.heard.poke();
  }
}
