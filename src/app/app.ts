import type { Server } from 'node:http';
import Koa from 'koa';
import Router from 'koa-router';
import type { Gap, Listener } from '../bus/bus.ts';
import type { Store } from '../bus/store.ts';
import type { Cursor } from '../contract/cursor.ts';
import type { StoredEvent } from '../contract/event.ts';
import type { Log } from '../lib/log.ts';
import { Access, type Authorize } from './access/access.ts';
import { isOwnHost } from './access/host.ts';
import { checkOrigin, sendCors } from './access/origin.ts';
import { PublishKey } from './access/publishKey.ts';
import { Assets } from './assets.ts';
import type { AppConfig } from './config.ts';
import { Device } from './device.ts';
import { answerErrors } from './errors.ts';
import { exactRoutes } from './exactRoutes.ts';
import { Headcount } from './headcount.ts';
import { Metrics } from './metrics.ts';
import type { Parts } from './parts.ts';
import { createPatientServer } from './patientServer.ts';
import { refuse } from './refuse.ts';
import { Requests } from './requests.ts';
import { channelsRoutes } from './routes/channels.ts';
import { eventsRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { pageRoutes } from './routes/page.ts';
import { pinsRoutes } from './routes/pins.ts';
import { publishRoute } from './routes/publish.ts';
import { sessionRoute } from './routes/sessions.ts';
import { sseRoute, streamRoute } from './routes/stream.ts';
import { Hub } from './sse/hub.ts';
import { OpenSessions } from './sse/openSessions.ts';
import { Replay } from './sse/replay.ts';
import { Streams } from './sse/streams.ts';

export interface AppOptions {
  readonly config: AppConfig;
  readonly store: Store;
  readonly log: Log;
  readonly authorize?: Authorize | undefined;
  /** Called once with a key that was just made. */
  readonly keyMade?: (key: string) => void;
  /** Count what the whole process uses, besides what the app does. */
  readonly processMetrics?: boolean;
}

/** The app: all of its parts, wired to one another and to an HTTP server. */
export class App implements Listener {
  readonly device: Device;
  readonly metrics: Metrics;
  readonly server: Server;
  readonly #hub = new Hub();
  readonly #sessions: OpenSessions;
  readonly #streams: Streams;
  readonly #headcount: Headcount;
  readonly #requests = new Requests();
  readonly #log: Log;
  readonly #key: PublishKey | undefined;

  constructor({ config, store, log, authorize, keyMade, processMetrics = false }: AppOptions) {
    const { bus, board, sessions } = store;
    this.#log = log;
    this.device = new Device(bus);
    this.metrics = new Metrics(processMetrics);
    const replay = new Replay(bus, () => this.#hub.knock());
    this.#sessions = new OpenSessions({ hub: this.#hub, log: replay, sessions });
    this.#streams = new Streams({
      hub: this.#hub,
      bus,
      replay,
      sessions: this.#sessions,
      requests: this.#requests,
      metrics: this.metrics,
      log,
      ...config,
    });
    this.#headcount = new Headcount(board, this.#hub);
    const key = new PublishKey(config.publishKey, board, keyMade);
    this.#key = config.publishOpen ? undefined : key;
    const access = new Access({
      rules: config.rules,
      open: config.publishOpen,
      key: () => key.get(),
      authorize,
    });
    this.metrics.gauge('streams', 'Open streams, and long polls that wait.', () => this.#streams.count);
    this.metrics.gauge('unsent_bytes', 'Bytes that wait for readers.', () => this.#streams.unsent);
    this.metrics.gauge(
      'requests',
      'Requests under way, open streams among them.',
      () => this.#requests.count,
    );
    this.metrics.gauge('store_ready', '1 when the store can be reached.', () => (bus.status().ready ? 1 : 0));
    const koa = createKoa({
      config,
      bus,
      board,
      sessions,
      hub: this.#hub,
      streams: this.#streams,
      device: this.device,
      access,
      headcount: this.#headcount,
      assets: new Assets(),
      metrics: this.metrics,
      log,
      requests: this.#requests,
    });
    this.server = createPatientServer(koa.callback(), this.#requests, this.metrics);
    this.server.on('connection', () => this.#hub.knock());
  }

  start(): void {
    this.#streams.start();
    this.#headcount.start();
  }

  /** Ends every stream with a word, lets requests under way finish, and takes no more. */
  async stop(): Promise<void> {
    this.#streams.close();
    this.#headcount.stop();
    await this.#requests.end();
  }

  open(position: Cursor): void {
    if (this.#hub.position)
      this.#log.warn({}, 'The store is a new one: every stream is told that it may have missed events.');
    this.#hub.open(position);
    this.device.forget();
    this.device.recall().catch(() => undefined);
    // They were in the store that is gone.
    void this.#sessions.refresh();
    // Made now if there is none, so that it is printed before somebody needs it.
    this.#key?.get().catch(() => undefined);
  }

  event(event: StoredEvent): void {
    this.metrics.heard.inc();
    this.device.event(event);
    this.#hub.event(event);
  }

  advance(n: number): void {
    this.#hub.advance(n);
  }

  gap(gap: Gap): void {
    this.metrics.gaps.inc();
    this.#hub.gap(gap);
  }
}

function createKoa(parts: Parts): Koa {
  const { config, metrics, log, requests } = parts;
  const koa = new Koa({ proxy: config.trustProxy, maxIpsCount: 1 });
  koa.silent = true;
  koa.use((ctx, next) => next().then(() => requests.atTheEnd(ctx.res)));
  if (config.ownsCors) koa.use(sendCors(config.corsOrigins));
  koa.use(answerErrors(metrics, log));
  koa.use(async (ctx, next) => {
    if (!isOwnHost(ctx.req.headers.host, config.allowedHosts)) {
      throw refuse(421, `This is not ${ctx.req.headers.host}. If it shall be, add it to ALLOWED_HOSTS.`);
    }
    await next();
  });
  koa.use(checkOrigin(config.corsOrigins));
  const router = new Router({ strict: true, sensitive: true });
  for (const add of [
    streamRoute,
    sessionRoute,
    sseRoute,
    eventsRoutes,
    publishRoute,
    channelsRoutes,
    pinsRoutes,
    pageRoutes,
    healthRoutes,
  ]) {
    add(router, parts);
  }
  koa.use(exactRoutes(router));
  koa.use(router.routes());
  koa.use(router.allowedMethods());
  return koa;
}
