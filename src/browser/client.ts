/**
 * Pinstream in a page:
 *
 *     import { pinstream } from '/pinstream.js';
 *     const stream = pinstream({ channels: ['button', 'room-*'] });
 *     stream.on('button', 'press', (event) => console.log(event.data));
 *
 * A stream with what EventSource lacks: named events of many channels through one connection for all tabs of a browser,
 * channels that change while it is open, a status that can be shown to people, and the way back after whatever happens.
 * Nothing is missed in between; what the server's log no longer held is told to `onGap`.
 */
import type { Pinstream, PinstreamOptions } from './client/api.ts';
import { defineElements } from './client/element.ts';
import { createStream } from './client/stream.ts';
import { serveTabs } from './client/workerLink.ts';

export type * from './client/api.ts';

export function pinstream(options: PinstreamOptions = {}): Pinstream {
  return createStream(options);
}

// The same file is the script of the worker that the tabs share.
if ('SharedWorkerGlobalScope' in globalThis) serveTabs(globalThis as never);
else defineElements();
