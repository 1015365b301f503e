import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keeper } from '../bus/keeper.ts';
import type { Store } from '../bus/store.ts';
import type { Log } from '../lib/log.ts';
import type { Authorize } from './access/access.ts';
import { App } from './app.ts';
import type { AppConfig } from './config.ts';
import { NearSocket } from './nearSocket.ts';
import { announceOffline } from './offline.ts';

export interface MainOptions {
  readonly config: AppConfig;
  readonly store: Store;
  /** Channels and patterns whose raw publishes are kept. */
  readonly adopt: readonly string[];
  readonly log: Log;
  readonly authorize?: Authorize;
  readonly keyMade?: (key: string, port: number) => void;
  readonly processMetrics?: boolean;
}

export interface RunningApp {
  readonly port: number;
  stop(): Promise<void>;
}

/** How long the end waits for the keeper to keep what it has heard and to give its lease back. */
const RELEASE_MS = 1_000;

/** Starts the app on its port and on its store. A store that is away is no error: the app serves once it is there. */
export async function startApp({
  config,
  store,
  adopt,
  log,
  keyMade,
  ...rest
}: MainOptions): Promise<RunningApp> {
  const app = new App({ config, store, log, keyMade: (key) => keyMade?.(key, portOf(app)), ...rest });
  const keeper = store.kind === 'redis' ? keeperOf(app, store, adopt, log) : undefined;
  // After a restart all browsers come at once; the kernel puts those beyond the usual 511 off.
  app.server.listen({ port: config.port, host: config.host, backlog: 4_096 });
  await once(app.server, 'listening');
  const near = config.socket === '' ? undefined : new NearSocket(config.socket, app.server, log);
  await near?.start();
  keeper?.start();
  await store.board.start();
  await store.bus.start({
    open: (position) => {
      keeper?.open();
      app.open(position);
    },
    event: (event) => {
      keeper?.event(event);
      app.event(event);
    },
    advance: (n) => app.advance(n),
    gap: (gap) => {
      keeper?.gap(gap);
      app.gap(gap);
    },
  });
  app.start();
  return {
    port: portOf(app),
    async stop() {
      // First: a proxy that finds it no more goes by the port, as long as that is open.
      await near?.stop();
      await app.stop();
      // A Redis that is frozen is not waited for: the lease runs out by itself.
      await Promise.race([keeper?.stop(), sleep(RELEASE_MS, undefined, { ref: false })]);
      await store.bus.close();
    },
  };
}

function portOf(app: App): number {
  return (app.server.address() as AddressInfo).port;
}

function keeperOf(app: App, store: Store & { kind: 'redis' }, adopt: readonly string[], log: Log): Keeper {
  const { link, bus, board } = store;
  return new Keeper(
    link,
    bus,
    {
      adopt,
      counts: { adopted: () => app.metrics.adopted.inc(), odd: (reason) => app.metrics.odd.inc({ reason }) },
      duty: (lease) => announceOffline(app.device, board, bus, lease),
    },
    log,
  );
}
