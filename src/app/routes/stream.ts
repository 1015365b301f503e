import type { Context } from 'koa';
import type Router from 'koa-router';
import { BusError } from '../../bus/bus.ts';
import { DEFAULT_CHANNEL } from '../../contract/device.ts';
import { tokenOf } from '../access/access.ts';
import type { Parts } from '../parts.ts';
import { channelsOf, numberOf, queryOf, readerCursor, sessionOf } from '../query.ts';
import { refuse } from '../refuse.ts';
import { cursorBlock, type Dialect, eventBlock } from '../sse/dialects.ts';
import { STREAM_HEADERS } from '../sse/output.ts';
import type { Found } from '../sse/question.ts';
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
  const session = sessionOf(query);
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
  parts.streams.open(ctx.req, ctx.res, ctx.ip, { channels, dialect, cursor, last, session });
}

/**
 * cyclone's long poll: the answer ends after the first event, or at the heartbeat. It begins with the reader's cursor, so
 * that one who only polls misses nothing between two polls.
 */
async function servePoll(ctx: Context, parts: Parts, channels: string[]): Promise<void> {
  if (await refusedAtDoor(ctx, parts, channels, 'sse')) return;
  const { hub, streams, config } = parts;
  const cursor = readerCursor(ctx.get('Last-Event-ID'), queryOf(ctx)) ?? hub.position;
  const question = { channels, cursor, limit: 1 };
  const text = await streams.poll(ctx.res, ctx.ip, question, config.heartbeat).then(pollText, refusedPoll);
  ctx.set(STREAM_HEADERS);
  ctx.body = text;
}

function pollText({ page, after }: Found): string {
  const [event] = page.events;
  if (event) return eventBlock('sse', page.epoch, event);
  return `${cursorBlock(page.epoch, Math.max(after, page.end))}: sse ping\n\n`;
}

/** The store has gone away meanwhile: said as to a stream, which this address has promised. */
function refusedPoll(error: unknown): string {
  if (error instanceof BusError) return refusalText('sse', error.message);
  throw error;
}

/** What will never work is 4xx; what may work later is a stream that says so and ends. */
async function refusedAtDoor(
  ctx: Context,
  parts: Parts,
  channels: string[],
  dialect: Dialect,
): Promise<boolean> {
  const before = parts.streams.obstacle(ctx.ip);
  if (before === undefined) await parts.access.checkRead(ctx.req, channels, tokenOf(ctx.req, queryOf(ctx)));
  // Once more: the last place may have been taken while it was asked who this is.
  const obstacle = before ?? parts.streams.obstacle(ctx.ip);
  if (obstacle === undefined) return false;
  const { reason, sentence } = obstacle;
  parts.metrics.refusedStreams.inc({ reason });
  ctx.set({ ...STREAM_HEADERS, 'Cache-Control': 'no-store' });
  ctx.body = refusalText(dialect, sentence);
  return true;
}
