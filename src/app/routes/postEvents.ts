import type { Context } from 'koa';
import { type Appended, type AppendTerms, BusError } from '../../bus/bus.ts';
import { formatCursor } from '../../contract/cursor.ts';
import { dataProblem, MESSAGE, type NewEvent, nameProblem } from '../../contract/event.ts';
import { tokenOf } from '../access/access.ts';
import { objectOf } from '../body.ts';
import { statusOf } from '../errors.ts';
import type { Parts } from '../parts.ts';
import { checkChannel, queryOf } from '../query.ts';
import { Refusal, refuse } from '../refuse.ts';

const MOST_AT_ONCE = 100;
const NO_TERMS: AppendTerms = {};

/** `POST /events`: one event, or several in a list, each with an answer of its own. */
export async function postEvents(ctx: Context, parts: Parts): Promise<void> {
  const body: unknown = ctx.request.body;
  const token = tokenOf(ctx.req, queryOf(ctx));
  if (Array.isArray(body)) await postMany(ctx, parts, token, body);
  else await postOne(ctx, parts, token, body);
}

/** What it does is what a publish costs: no list, and few promises. */
async function postOne(ctx: Context, parts: Parts, token: string | undefined, body: unknown): Promise<void> {
  const checked = read(body);
  const { channel } = checked.event;
  await parts.access.checkWrite(ctx.req, channel, token);
  checkOwner(parts, channel);
  // Both in one turn of the event loop, and so in one round trip.
  const counting = listeningTo([channel], parts);
  const kept = await keep(parts, checked);
  const streams = await counting;
  ctx.status = 201;
  ctx.body = answerOf(kept, channel, streams);
}

async function postMany(
  ctx: Context,
  parts: Parts,
  token: string | undefined,
  items: readonly unknown[],
): Promise<void> {
  if (items.length === 0 || items.length > MOST_AT_ONCE)
    throw refuse(400, `Send 1 to ${MOST_AT_ONCE} events at once.`);
  // All are checked before any is kept, so that they are kept in the order in which they stand here.
  const checked = await Promise.all(items.map((item) => check(ctx, parts, token, item).catch(asRefused)));
  const channels = checked.flatMap((item) => (item instanceof Error ? [] : [item.event.channel]));
  const counting = listeningTo(channels, parts);
  const kept = await Promise.all(
    checked.map((item) => (item instanceof Error ? item : keep(parts, item).catch(asRefused))),
  );
  const streams = await counting;
  ctx.status = kept.some((one) => one instanceof Error) ? 207 : 201;
  ctx.body = kept.map((one, i) =>
    one instanceof Error ? refused(one) : answerOf(one, (checked[i] as Checked).event.channel, streams),
  );
}

type Counter = (channel: string) => number;

function answerOf({ epoch, n, duplicate }: Appended, channel: string, count: Counter | undefined): object {
  const answer = { id: formatCursor(epoch, n), streams: count?.(channel) ?? null };
  return duplicate ? { ...answer, duplicate } : answer;
}

interface Checked {
  readonly event: NewEvent;
  readonly terms: AppendTerms;
}

async function check(ctx: Context, parts: Parts, token: string | undefined, item: unknown): Promise<Checked> {
  const checked = read(item);
  await parts.access.checkWrite(ctx.req, checked.event.channel, token);
  checkOwner(parts, checked.event.channel);
  return checked;
}

function read(body: unknown): Checked {
  const { channel, event = MESSAGE, data, key } = objectOf(body);
  checkChannel(channel);
  const name = event === MESSAGE ? MESSAGE : textOf(event, 'event', nameProblem);
  if (data === undefined) throw refuse(400, 'Say what: "data" is missing.', 'data');
  const text = textOf(typeof data === 'string' ? data : jsonOf(data), 'data', dataProblem);
  const terms = key === undefined ? NO_TERMS : { key: textOf(key, 'key', keyProblem) };
  return { event: { channel, name, data: text, at: Date.now() }, terms };
}

function checkOwner({ device }: Parts, channel: string): void {
  const owned = device.owns(channel);
  if (owned) throw refuse(403, owned, 'channel');
}

async function keep({ bus, metrics }: Parts, { event, terms }: Checked): Promise<Appended> {
  const appended = await bus.append(event, terms);
  metrics.published.inc({ door: 'events' });
  return appended;
}

/** The events are kept by now: were the request to fail since nobody knows who listens, who sends it again would double them. */
async function listeningTo(
  channels: readonly string[],
  { headcount, log }: Parts,
): Promise<Counter | undefined> {
  try {
    return await headcount.counter([...new Set(channels)]);
  } catch (error) {
    if (!(error instanceof BusError))
      log.error({ error: String(error) }, 'Who listens could not be counted.');
    return undefined;
  }
}

function jsonOf(data: unknown): string {
  try {
    return JSON.stringify(data);
  } catch {
    throw refuse(400, 'The data is nested too deeply: send it as a text.', 'data');
  }
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

/** What one item of several may fail with; anything else fails the request. */
function asRefused(error: unknown): Refusal | BusError {
  if (error instanceof Refusal || error instanceof BusError) return error;
  throw error;
}

function refused(error: Refusal | BusError): object {
  if (error instanceof BusError) return { status: statusOf(error), error: error.message };
  return { status: error.status, error: error.message, ...(error.field ? { field: error.field } : {}) };
}
