import type { Context } from 'koa';
import type Router from 'koa-router';
import type { Gap, Page } from '../../bus/bus.ts';
import { formatCursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';
import { tokenOf } from '../access/access.ts';
import { readJson } from '../body.ts';
import type { Parts } from '../parts.ts';
import { channelsOf, numberOf, queryOf, sinceOf } from '../query.ts';
import { refuse } from '../refuse.ts';
import { type Found, look, type Question } from '../sse/question.ts';
import type { Streams } from '../sse/streams.ts';
import { postEvents } from './postEvents.ts';

const MOST_EVENTS = 1_000;
const DEFAULT_EVENTS = 100;
const MOST_WAIT = 60;

/** `GET /events`: the log as JSON, also as a long poll. `POST /events`: publish. */
export function eventsRoutes(router: Router, parts: Parts): void {
  router.get('/events', (ctx) => readEvents(ctx, parts));
  router.post('/events', readJson(), (ctx) => postEvents(ctx, parts));
}

async function readEvents(ctx: Context, parts: Parts): Promise<void> {
  const query = queryOf(ctx);
  const channels = channelsOf(query, 'channel', 'channels', parts.config.maxStreamChannels);
  if (channels.length === 0) throw refuse(400, 'Say which channel: /events?channel=a', 'channel');
  const cursor = sinceOf(query.get('since') || undefined);
  const limit = numberOf(query, 'limit', 1, MOST_EVENTS) ?? DEFAULT_EVENTS;
  const wait = numberOf(query, 'wait', 0, MOST_WAIT) ?? 0;
  await parts.access.checkRead(ctx.req, channels, tokenOf(ctx.req, query));
  const question = { channels, cursor, limit };
  const { page, after, foreign } = await (wait > 0
    ? waitFor(ctx, parts.streams, question, wait * 1000)
    : look(parts.bus, question));
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    cursor: formatCursor(page.epoch, Math.max(after, page.end)),
    events: page.events.map((event) => said(page.epoch, event)),
    // Who has no cursor has missed nothing.
    gap: cursor === undefined ? null : gapOf(page, foreign),
  };
}

/** A long poll takes a place as a stream does. */
async function waitFor(
  ctx: Context,
  streams: Streams,
  question: Question,
  milliseconds: number,
): Promise<Found> {
  const obstacle = streams.obstacle(ctx.ip);
  if (obstacle) throw refuse(503, obstacle.sentence);
  return streams.poll(ctx.res, ctx.ip, question, milliseconds);
}

function said(epoch: string, { n, channel, name, data, at }: StoredEvent): object {
  return { id: formatCursor(epoch, n), channel, event: name, data, at };
}

function gapOf({ epoch, gaps }: Page, foreign: boolean): object[] | null {
  if (foreign) return [{ reason: 'epoch' }];
  if (gaps.length === 0) return null;
  return gaps.map(({ channel, until, certain }: Gap) => ({
    channel,
    until: formatCursor(epoch, until),
    certain,
  }));
}
