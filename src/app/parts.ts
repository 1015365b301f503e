import type { Board } from '../bus/board.ts';
import type { Bus } from '../bus/bus.ts';
import type { Sessions } from '../bus/sessions.ts';
import type { Log } from '../lib/log.ts';
import type { Access } from './access/access.ts';
import type { Assets } from './assets.ts';
import type { AppConfig } from './config.ts';
import type { Device } from './device.ts';
import type { Headcount } from './headcount.ts';
import type { Metrics } from './metrics.ts';
import type { Requests } from './requests.ts';
import type { Hub } from './sse/hub.ts';
import type { Streams } from './sse/streams.ts';

/** What the routes work with. */
export interface Parts {
  readonly config: AppConfig;
  readonly bus: Bus;
  readonly board: Board;
  readonly sessions: Sessions;
  readonly hub: Hub;
  readonly streams: Streams;
  readonly device: Device;
  readonly access: Access;
  readonly headcount: Headcount;
  readonly assets: Assets;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly requests: Requests;
}
