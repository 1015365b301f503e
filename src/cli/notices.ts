import { sharesRedis } from '../bus/store.ts';
import type { Log } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import { curlEvent, isLoopback, urlOf } from './hints.ts';

/** Once, when the key was made: never again, and never in the log. */
export function showKey(settings: Settings, key: string, port: number): void {
  // Behind the proxy of the bundle, the app's own port is reached by nobody.
  const url = settings.CORS_OWNER === 'proxy' ? 'http://localhost' : urlOf(settings.HOST, port);
  process.stdout.write(`\nThe key for publishing is ${key}\n  ${curlEvent(url, key)}\n\n`);
}

/** What somebody should know who has set it so. */
export function warn(settings: Settings, log: Log): void {
  if (settings.PUBLISH_OPEN && !isLoopback(settings.HOST)) {
    log.warn({}, `Anybody who reaches ${settings.HOST}:${settings.PORT} may publish (PUBLISH_OPEN).`);
  }
  if (sharesRedis(settings) && settings.ADOPT.length === 0) {
    log.warn(
      {},
      "Raw publishes (redis-cli publish …) are not kept: set ADOPT='*' or the channels that shall be.",
    );
  }
}
