import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware, Next } from 'koa';
import { isPlainJson, parseJson, textOf } from './plainBody.ts';
import { refuse } from './refuse.ts';

const JSON_TYPES = ['application/json'];
const FORM_TYPES = ['application/x-www-form-urlencoded'];

/** A hundred events of 64 KiB each, with room for their wrapping. */
const MOST_JSON = '8mb';
/** A message of 64 KiB in which every byte is escaped. */
const MOST_FORM = '256kb';

const LINGER_MS = 2_000;

/**
 * Reads a body of one kind; another kind is 415, since a page of another origin can send a form or plain text unasked. What is
 * sent as nearly all are needs no body parser, which would take a good part of a publish.
 */
export function readJson(): Middleware {
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: MOST_JSON, onError: explain });
  const readAny = only(JSON_TYPES, 'application/json', parse);
  return async (ctx, next) => {
    if (!isPlainJson(ctx.req)) return readAny(ctx, next);
    const text = await textOf(ctx.req);
    try {
      ctx.request.body = parseJson(text);
    } catch (error) {
      explain(error as Error);
    }
    return next();
  };
}

export function readForm(): Middleware {
  const parse = bodyParser({
    enableTypes: ['text'],
    extendTypes: { text: FORM_TYPES },
    textLimit: MOST_FORM,
    onError: explain,
  });
  return only(FORM_TYPES, 'application/x-www-form-urlencoded', parse);
}

/** The members of a JSON object. */
export function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw refuse(400, 'Send a JSON object.');
  return body as Record<string, unknown>;
}

function only(types: string[], name: string, parse: Middleware): Middleware {
  return async (ctx: Context, next: Next) => {
    if (!ctx.is(types)) throw refuse(415, `Send it with "Content-Type: ${name}".`);
    await parse(ctx, next).catch(async (error: unknown) => {
      if (!ctx.req.complete) await readAway(ctx.req);
      throw error;
    });
  };
}

/**
 * Reads what is left of a body that is refused already, for a while. Somebody who is still sending would otherwise be told
 * that the connection broke, instead of the answer.
 */
async function readAway(request: IncomingMessage): Promise<void> {
  request.resume();
  await once(request, 'close', { signal: AbortSignal.timeout(LINGER_MS) }).catch(() => undefined);
}

function explain(error: Error): void {
  const { status, type } = error as { status?: number; type?: string };
  if (status === 413 || type === 'entity.too.large') {
    throw refuse(413, 'This is too large: an event has at most 64 KiB, a request at most a hundred of them.');
  }
  if (status === 415) throw refuse(415, 'Send it in UTF-8.');
  throw refuse(400, `This is not valid JSON: ${error.message.split('\n')[0]}.`);
}
