import type { Context } from 'koa';
import type Router from 'koa-router';
import { BusError, type Gap, type Page } from '../../bus/bus.ts';
import { type Cursor, formatCursor, parseCursor } from '../../contract/cursor.ts';
import { dataProblem, MESSAGE, nameProblem, type StoredEvent } from '../../contract/event.ts';
import { tokenOf } from '../access/access.ts';
import { objectOf, readJson } from '../body.ts';
import { statusOf } from '../errors.ts';
import type { Parts } from '../parts.ts';
import { channelsOf, checkChannel, numberOf } from '../query.ts';
import { Refusal, refuse } from '../refuse.ts';
import { poll } from '../sse/poll.ts';
import { pollOver } from './stream.ts';

const MOST_EVENTS = 1_000;
const DEFAULT_EVENTS = 100;
const MOST_WAIT = 60;
const MOST_AT_ONCE = 100;

/** `GET /events`: the log as JSON, also as a long poll. `POST /events`: publish. */
export function eventsRoutes(router: Router, parts: Parts): void {
  router.get('/events', (ctx) => readEvents(ctx, parts));
  router.post('/events', readJson(), (ctx) => postEvents(ctx, parts));
}

async function readEvents(ctx: Context, parts: Parts): Promise<void> {
  const query = ctx.URL.searchParams;
  const channels = channelsOf(query, 'channel', 'channels', parts.config.maxStreamChannels);
  if (channels.length === 0) throw refuse(400, 'Say which channel: /events?channel=a', 'channel');
  const since = sinceOf(query);
  const limit = numberOf(query, 'limit', 1, MOST_EVENTS) ?? DEFAULT_EVENTS;
  const wait = numberOf(query, 'wait', 0, MOST_WAIT) ?? 0;
  await parts.access.checkRead(ctx.req, channels, tokenOf(ctx.req, query));
  const { position } = parts.hub;
  if (!position) throw new BusError('away', parts.bus.status().problem ?? 'The store has not answered yet.');

  const foreign = since !== undefined && since.epoch !== position.epoch;
  const asked = { channels, after: since === undefined || foreign ? 0 : since.n, limit };
  const { hub, bus } = parts;
  const page = await (wait > 0 ? poll(hub, bus, asked, pollOver(ctx, parts, wait * 1000)) : bus.since(asked));
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    cursor: formatCursor(page.epoch, Math.max(asked.after, page.end)),
    events: page.events.map((event) => said(page.epoch, event)),
    // Who has no cursor has missed nothing.
    gap: since === undefined ? null : gapOf(page, foreign),
  };
}

function sinceOf(query: URLSearchParams): Cursor | undefined {
  const text = query.get('since');
  if (!text) return undefined;
  const cursor = parseCursor(text);
  if (!cursor) throw refuse(400, '"since" must be a cursor, as the id of an event: k3f9x2-42.', 'since');
  return cursor;
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

async function postEvents(ctx: Context, parts: Parts): Promise<void> {
  const body: unknown = ctx.request.body;
  const streams = await parts.listening.counter();
  if (!Array.isArray(body)) {
    ctx.status = 201;
    ctx.body = await publish(ctx, parts, body, streams);
    return;
  }
  if (body.length === 0 || body.length > MOST_AT_ONCE) {
    throw refuse(400, `Send 1 to ${MOST_AT_ONCE} events at once.`);
  }
  const answers = await Promise.all(body.map((one) => publish(ctx, parts, one, streams).catch(refused)));
  ctx.status = answers.some((answer) => 'error' in answer) ? 207 : 201;
  ctx.body = answers;
}

async function publish(
  ctx: Context,
  parts: Parts,
  body: unknown,
  streams: (channel: string) => number,
): Promise<object> {
  const { channel, event = MESSAGE, data, key } = objectOf(body);
  checkChannel(channel);
  const name = textOf(event, 'event', nameProblem);
  if (data === undefined) throw refuse(400, 'Say what: "data" is missing.', 'data');
  const text = textOf(typeof data === 'string' ? data : JSON.stringify(data), 'data', dataProblem);
  const once = key === undefined ? undefined : textOf(key, 'key', keyProblem);
  await parts.access.checkWrite(ctx.req, channel, tokenOf(ctx.req, ctx.URL.searchParams));
  const owned = parts.device.owns(channel);
  if (owned) throw refuse(403, owned, 'channel');
  const { epoch, n, duplicate } = await parts.bus.append(
    { channel, name, data: text, at: Date.now() },
    once === undefined ? {} : { key: once },
  );
  parts.metrics.published.inc({ door: 'events' });
  return { id: formatCursor(epoch, n), streams: streams(channel), ...(duplicate ? { duplicate } : {}) };
}

function textOf(value: unknown, field: string, problem: (text: string) => string | undefined): string {
  if (typeof value !== 'string') throw refuse(400, `"${field}" must be a text.`, field);
  const wrong = problem(value);
  if (wrong) throw refuse(field === 'data' ? 413 : 400, wrong, field);
  return value;
}

function keyProblem(key: string): string | undefined {
  return key !== '' && key.length <= 200 ? undefined : 'An idempotency key has 1 to 200 characters.';
}

function refused(error: unknown): object {
  if (error instanceof Refusal)
    return { status: error.status, error: error.message, ...(error.field ? { field: error.field } : {}) };
  if (error instanceof BusError) return { status: statusOf(error), error: error.message };
  throw error;
}
