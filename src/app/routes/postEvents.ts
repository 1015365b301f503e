import type { Context } from 'koa';
import { type AppendTerms, BusError } from '../../bus/bus.ts';
import { formatCursor } from '../../contract/cursor.ts';
import { dataProblem, MESSAGE, type NewEvent, nameProblem } from '../../contract/event.ts';
import { tokenOf } from '../access/access.ts';
import { objectOf } from '../body.ts';
import { statusOf } from '../errors.ts';
import type { Parts } from '../parts.ts';
import { checkChannel, queryOf } from '../query.ts';
import { Refusal, refuse } from '../refuse.ts';

const MOST_AT_ONCE = 100;

/** `POST /events`: one event, or several in a list, each with an answer of its own. */
export async function postEvents(ctx: Context, parts: Parts): Promise<void> {
  const body: unknown = ctx.request.body;
  const many = Array.isArray(body);
  const items: unknown[] = many ? body : [body];
  if (items.length === 0 || items.length > MOST_AT_ONCE)
    throw refuse(400, `Send 1 to ${MOST_AT_ONCE} events at once.`);
  // All are checked before any is kept, so that they are kept in the order in which they stand here.
  const checked = await Promise.all(items.map((item) => check(ctx, parts, item).catch(asRefused)));
  const kept = await Promise.all(
    checked.map((item) => (item instanceof Error ? item : keep(parts, item).catch(asRefused))),
  );
  const wrong = kept.find((one) => one instanceof Error);
  if (wrong && !many) throw wrong;
  const channels = kept.flatMap((one) => (one instanceof Error ? [] : [one.channel]));
  const streams = await listeningTo(channels, parts);
  const answers = kept.map((one) =>
    one instanceof Error
      ? refused(one)
      : { id: one.id, streams: streams?.(one.channel) ?? null, ...one.more },
  );
  ctx.status = wrong ? 207 : 201;
  ctx.body = many ? answers : answers[0];
}

interface Checked {
  readonly event: NewEvent;
  readonly terms: AppendTerms;
}

interface Kept {
  readonly id: string;
  readonly channel: string;
  readonly more: object;
}

async function check(ctx: Context, parts: Parts, body: unknown): Promise<Checked> {
  const { channel, event = MESSAGE, data, key } = objectOf(body);
  checkChannel(channel);
  const name = textOf(event, 'event', nameProblem);
  if (data === undefined) throw refuse(400, 'Say what: "data" is missing.', 'data');
  const text = textOf(typeof data === 'string' ? data : jsonOf(data), 'data', dataProblem);
  const terms = key === undefined ? {} : { key: textOf(key, 'key', keyProblem) };
  await parts.access.checkWrite(ctx.req, channel, tokenOf(ctx.req, queryOf(ctx)));
  const owned = parts.device.owns(channel);
  if (owned) throw refuse(403, owned, 'channel');
  return { event: { channel, name, data: text, at: Date.now() }, terms };
}

async function keep({ bus, metrics }: Parts, { event, terms }: Checked): Promise<Kept> {
  const { epoch, n, duplicate } = await bus.append(event, terms);
  metrics.published.inc({ door: 'events' });
  return { id: formatCursor(epoch, n), channel: event.channel, more: duplicate ? { duplicate } : {} };
}

/** The events are kept by now: were the request to fail since nobody knows who listens, who sends it again would double them. */
async function listeningTo(
  channels: readonly string[],
  { headcount, log }: Parts,
): Promise<((channel: string) => number) | undefined> {
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
