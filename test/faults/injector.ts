import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from './random.ts';
import type { Fault } from './schedule.ts';
import type { World } from './world.ts';

/** What the injector wants of the clients. */
export interface Clients {
  readonly ids: readonly number[];
  pause(client: number, ms: number): void;
  leave(client: number, ms: number): void;
  back(client: number, share: number): void;
}

/** Large events that fill up a reader that takes nothing. */
const FILL = 60;

/** When an app could not hear Redis, or could not be sure to. */
export interface Disturbance {
  readonly app: string;
  readonly from: number;
  to: number;
}

/** Makes things go wrong, and puts them right again. */
export class Injector {
  readonly disturbances: Disturbance[] = [];
  readonly #world: World;
  readonly #clients: Clients;
  readonly #fill: (count: number) => void;
  readonly #now: () => number;
  readonly #underWay = new Set<Promise<void>>();
  done = 0;

  constructor(world: World, clients: Clients, fill: (count: number) => void, now: () => number) {
    this.#world = world;
    this.#clients = clients;
    this.#fill = fill;
    this.#now = now;
  }

  begin(fault: Fault): void {
    const work = this.#do(fault)
      .catch((error: unknown) => this.#world.problems.push(`${fault.what} ${fault.whom}: ${String(error)}`))
      .finally(() => this.#underWay.delete(work))
      .then(() => undefined);
    this.#underWay.add(work);
    this.done++;
  }

  /** All that went wrong is right again. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #do({ what, whom, ms, seed }: Fault): Promise<void> {
    const random = new Random(seed);
    if (whom === 'clients') this.#disturbClients(what, ms, random);
    else if (whom.includes('-')) await this.#disturbed(whom, () => this.#breakLink(what, whom, ms, random));
    else await this.#disturbed(whom, () => this.#breakPart(what, whom, ms));
  }

  async #breakPart(what: Fault['what'], whom: string, ms: number): Promise<void> {
    const part = this.#world.part(whom);
    if (what === 'reload') return part.signal('SIGHUP');
    if (what === 'clock') return part.signal('SIGUSR2');
    if (what === 'pause') {
      part.signal('SIGSTOP');
      await sleep(ms);
      return part.signal('SIGCONT');
    }
    await (what === 'kill' ? part.kill() : part.end());
    if (ms > 0) await sleep(ms);
    part.start();
  }

  async #breakLink(what: Fault['what'], whom: string, ms: number, random: Random): Promise<void> {
    const link = this.#world.link(whom);
    if (what === 'cut') return link.cut();
    if (what === 'cut one') return link.cut((sockets) => random.some(sockets, 1));
    link.hold(what === 'hold one' ? (sockets) => random.some(sockets, 1) : undefined);
    await sleep(ms);
    if (what === 'hold and cut') link.cut();
    link.release();
  }

  #disturbClients(what: Fault['what'], ms: number, random: Random): void {
    const some = random.some(this.#clients.ids, random.between(1, Math.ceil(this.#clients.ids.length / 6)));
    if (what === 'slow') this.#fill(FILL);
    for (const client of some) {
      if (what === 'slow') this.#clients.pause(client, ms);
      else if (what === 'leave') this.#clients.leave(client, ms);
      else this.#clients.back(client, random.next());
    }
  }

  /** Notes which apps may not have heard what Redis said meanwhile. */
  async #disturbed(whom: string, work: () => Promise<void>): Promise<void> {
    const apps = ['app1', 'app2'].filter(
      (app) => whom === app || whom === 'redis' || whom === `${app}-redis`,
    );
    const noted = apps.map((app) => ({ app, from: this.#now(), to: Number.POSITIVE_INFINITY }));
    this.disturbances.push(...noted);
    try {
      await work();
    } finally {
      for (const one of noted) one.to = this.#now();
    }
  }
}
