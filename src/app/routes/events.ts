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
import { lookBack } from '../sse/history.ts';
import { type Found, look, type Question } from '../sse/question.ts';
import type { Streams } from '../sse/streams.ts';
import { postEvents } from './postEvents.ts';

const MOST_EVENTS = 1_000;
const DEFAULT_EVENTS = 100;
const MOST_WAIT = 60;
const OTHER_STORE = [{ reason: 'epoch' }];

/** `GET /events`: the log as JSON, also as a long poll. `POST /events`: publish. */
export function eventsRoutes(router: Router, parts: Parts): void {
  router.get('/events', (ctx) => readEvents(ctx, parts));
  router.post('/events', readJson(), (ctx) => postEvents(ctx, parts));
}

async function readEvents(ctx: Context, parts: Parts): Promise<void> {
  const query = queryOf(ctx);
  const channels = channelsOf(query, 'channel', 'channels', parts.config.maxStreamChannels);
  if (channels.length === 0) throw refuse(400, 'Say which channel: /events?channel=a', 'channel');
  const read = readerOf(ctx, parts, query, channels);
  await parts.access.checkRead(ctx.req, channels, tokenOf(ctx.req, query));
  const answer = await read();
  ctx.set('Cache-Control', 'no-store');
  ctx.body = answer;
}

/** Checks the whole question, so that a wrong one is said to be wrong before anybody asks who asks. */
function readerOf(
  ctx: Context,
  parts: Parts,
  query: URLSearchParams,
  channels: readonly string[],
): () => Promise<object> {
  const last = numberOf(query, 'last', 0, MOST_EVENTS);
  return last === undefined ? forward(ctx, parts, query, channels) : backward(parts, query, channels, last);
}

function forward(
  ctx: Context,
  { bus, streams }: Parts,
  query: URLSearchParams,
  channels: readonly string[],
): () => Promise<object> {
  if (query.get('before')) throw refuse(400, '"before" goes with "last" only.', 'before');
  const cursor = sinceOf(query.get('since') || undefined);
  const limit = numberOf(query, 'limit', 1, MOST_EVENTS) ?? DEFAULT_EVENTS;
  const wait = numberOf(query, 'wait', 0, MOST_WAIT) ?? 0;
  const question = { channels, cursor, limit };
  return async () => {
    const { page, after, foreign } = await (wait > 0
      ? waitFor(ctx, streams, question, wait * 1000)
      : look(bus, question));
    // Who has no cursor has missed nothing.
    const gap = cursor === undefined ? null : gapOf(page, foreign);
    return answerOf(page.epoch, Math.max(after, page.end), page.events, gap);
  };
}

function backward(
  { bus }: Parts,
  query: URLSearchParams,
  channels: readonly string[],
  last: number,
): () => Promise<object> {
  for (const other of ['since', 'wait']) {
    if (query.get(other))
      throw refuse(400, `"last" looks back, "${other}" goes on from a cursor: send one of them.`, other);
  }
  const before = sinceOf(query.get('before') || undefined, 'before');
  const limit = numberOf(query, 'limit', 1, MOST_EVENTS) ?? MOST_EVENTS;
  return async () => {
    const { epoch, end, events, foreign } = await lookBack(bus, { channels, last, limit, before });
    return answerOf(epoch, end, events, foreign ? OTHER_STORE : null);
  };
}

function answerOf(epoch: string, end: number, events: readonly StoredEvent[], gap: object[] | null): object {
  return { cursor: formatCursor(epoch, end), events: events.map((event) => said(epoch, event)), gap };
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
  if (foreign) return OTHER_STORE;
  if (gaps.length === 0) return null;
  return gaps.map(({ channel, until, certain }: Gap) => ({
    channel,
    until: formatCursor(epoch, until),
    certain,
  }));
}
