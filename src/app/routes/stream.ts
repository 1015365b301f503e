import type { Context } from 'koa';
import type Router from 'koa-router';
import { DEFAULT_CHANNEL } from '../../contract/device.ts';
import { tokenOf } from '../access/access.ts';
import type { Parts } from '../parts.ts';
import { channelsOf, numberOf, queryOf, readerCursor } from '../query.ts';
import { refuse } from '../refuse.ts';
import { cursorBlock, type Dialect, eventBlock } from '../sse/dialects.ts';
import { STREAM_HEADERS } from '../sse/output.ts';
import { poll } from '../sse/poll.ts';
import { refusalText } from '../sse/streams.ts';

const MOST_LAST = 1_000;

/** `GET /stream`: named events, as Flask-SSE has them; without a channel the one that presses are announced on. */
export function streamRoute(router: Router, parts: Parts): void {
  router.get('/stream', async (ctx) => {
    const query = queryOf(ctx);
    const named = channelsOf(query, 'channel', 'channels', parts.config.maxStreamChannels);
    const dialect = query.get('envelope') === '1' ? 'envelope' : 'stream';
    await serveStream(ctx, parts, named.length > 0 ? named : [DEFAULT_CHANNEL], dialect);
  });
}

/** `GET /sse/`: ids and data alone, as cyclone_sse has them. */
export function sseRoute(router: Router, parts: Parts): void {
  router.get(['/sse', '/sse/'], (ctx) => serveCyclone(ctx, parts));
}

export async function serveCyclone(ctx: Context, parts: Parts): Promise<void> {
  const channels = channelsOf(queryOf(ctx), 'channels', 'channels', parts.config.maxStreamChannels);
  if (channels.length === 0) throw refuse(400, 'Say which channels: /sse/?channels=a&channels=b', 'channels');
  if (ctx.get('X-Requested-With') === 'XMLHttpRequest') await servePoll(ctx, parts, channels);
  else await serveStream(ctx, parts, channels, 'sse');
}

async function serveStream(ctx: Context, parts: Parts, channels: string[], dialect: Dialect): Promise<void> {
  const query = queryOf(ctx);
  const last = numberOf(query, 'last', 0, MOST_LAST);
  if (await refusedAtDoor(ctx, parts, channels, dialect)) return;
  if (ctx.method === 'HEAD') {
    ctx.set(STREAM_HEADERS);
    ctx.body = '';
    return;
  }
  const cursor = readerCursor(ctx.get('Last-Event-ID'), query);
  ctx.respond = false;
  if (ctx.req.socket.destroyed) return; // gone while it was asked who it is: nothing would ever end its stream
  parts.metrics.opened.inc({ dialect });
  parts.streams.open(ctx.req, ctx.res, ctx.ip, { channels, dialect, cursor, last });
}

/**
 * cyclone's long poll: the answer ends after the first event, or at the heartbeat. It begins with the reader's cursor, so
 * that one who only polls misses nothing between two polls.
 */
async function servePoll(ctx: Context, parts: Parts, channels: string[]): Promise<void> {
  if (await refusedAtDoor(ctx, parts, channels, 'sse')) return;
  const { hub, bus, streams, config } = parts;
  const cursor = readerCursor(ctx.get('Last-Event-ID'), queryOf(ctx)) ?? hub.position;
  const over = pollOver(ctx, parts, config.heartbeat);
  const { page, after } = await streams.during(ctx.ip, () =>
    poll(hub, bus, { channels, cursor, limit: 1 }, over),
  );
  const [event] = page.events;
  ctx.set(STREAM_HEADERS);
  ctx.body = event
    ? eventBlock('sse', page.epoch, event)
    : `${cursorBlock(page.epoch, Math.max(after, page.end))}: sse ping\n\n`;
}

/** What will never work is 4xx; what may work later is a stream that says so and ends. */
async function refusedAtDoor(
  ctx: Context,
  parts: Parts,
  channels: string[],
  dialect: Dialect,
): Promise<boolean> {
  const before = parts.streams.problem(ctx.ip);
  if (before === undefined) await parts.access.checkRead(ctx.req, channels, tokenOf(ctx.req, queryOf(ctx)));
  // Once more: the last place may have been taken while it was asked who this is.
  const reason = before ?? parts.streams.problem(ctx.ip);
  if (reason === undefined) return false;
  parts.metrics.refusedStreams.inc();
  ctx.set({ ...STREAM_HEADERS, 'Cache-Control': 'no-store' });
  ctx.body = refusalText(dialect, reason);
  return true;
}

/** Ends a poll: after its time, with its reader, or with the app. */
export function pollOver(ctx: Context, { streams }: Parts, milliseconds: number): AbortSignal {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, milliseconds);
  if (ctx.req.socket.destroyed) end();
  streams.over.addEventListener('abort', end);
  ctx.res.once('close', () => {
    clearTimeout(timer);
    streams.over.removeEventListener('abort', end);
    end();
  });
  return over.signal;
}
