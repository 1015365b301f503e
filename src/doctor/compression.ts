import { look, NoAnswer } from './ask.ts';
import type { Case } from './case.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';

const NAME = 'compression';

/** Streams are not compressed, also for browsers, which all say that they could read it. */
export async function checkCompression({ target, channel, patience }: Case): Promise<Finding> {
  const headers = { Accept: 'text/event-stream', 'Accept-Encoding': 'gzip, deflate, br, zstd' };
  for (const [path, query] of [
    ['/stream', 'channel'],
    ['/sse/', 'channels'],
  ]) {
    try {
      const head = await look(target, `${path}?${query}=${channel}`, { headers, within: patience.opening });
      if (!head.isStream) return skipped(NAME, `${path} is answered ${head.shown}.`);
      const ways = head.all('content-encoding').filter((way) => way.toLowerCase() !== 'identity');
      if (ways.length > 0) {
        return fault(
          NAME,
          `Streams are compressed (${ways.join(', ')}), so events wait until a block is full: leave text/event-stream out. In nginx: gzip off for /stream and /sse/.`,
        );
      }
    } catch (error) {
      if (error instanceof NoAnswer) return skipped(NAME, 'no stream begins.');
      throw error;
    }
  }
  return ok(NAME, 'streams are not compressed');
}
