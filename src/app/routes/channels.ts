import type { Context } from 'koa';
import type Router from 'koa-router';
import { isPattern } from '../../contract/channel.ts';
import { formatCursor } from '../../contract/cursor.ts';
import { tokenOf } from '../access/access.ts';
import type { Parts } from '../parts.ts';
import { numberOf, queryOf } from '../query.ts';

const MOST_CHANNELS = 10_000;
const DEFAULT_CHANNELS = 1_000;
/** Who may read is asked for so many at a time, until the page is full. */
const PIECE = 200;

/** `GET /channels`: what there is. `GET /stats`: who listens, in cyclone's form. */
export function channelsRoutes(router: Router, parts: Parts): void {
  router.get('/channels', (ctx) => listChannels(ctx, parts));
  router.get('/stats', (ctx) => listStats(ctx, parts));
}

async function listChannels(ctx: Context, parts: Parts): Promise<void> {
  const query = queryOf(ctx);
  const limit = numberOf(query, 'limit', 1, MOST_CHANNELS) ?? DEFAULT_CHANNELS;
  const after = query.get('after') ?? '';
  const [{ epoch }, logs, { names, counter }] = await Promise.all([
    parts.bus.position(),
    parts.bus.channels(),
    parts.headcount.all(),
  ]);
  const known = new Map(logs.map((info) => [info.channel, info]));
  const all = new Set([...known.keys(), ...[...names.keys()].filter((name) => !isPattern(name))]);
  const asked = [...all].filter((name) => name > after).sort();
  const readable = await readableOf(ctx, parts, asked, limit + 1);
  const page = readable.slice(0, limit);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    channels: page.map((channel) => {
      const info = known.get(channel);
      const last = info ? formatCursor(epoch, info.last) : null;
      return { channel, streams: counter(channel), length: info?.length ?? 0, last };
    }),
    next: readable.length > limit ? page.at(-1) : null,
  };
}

async function listStats(ctx: Context, parts: Parts): Promise<void> {
  const { names } = await parts.headcount.all();
  const readable = await readableOf(ctx, parts, [...names.keys()].sort());
  ctx.set('Cache-Control', 'no-store');
  ctx.body = readable.map((name) => [name, names.get(name)]);
}

/** The first so many that the asker may read. */
async function readableOf(
  ctx: Context,
  { access }: Parts,
  names: readonly string[],
  most = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const token = tokenOf(ctx.req, queryOf(ctx));
  const readable: string[] = [];
  for (let from = 0; from < names.length && readable.length < most; from += PIECE) {
    const some = names.slice(from, from + PIECE);
    const allowed = await Promise.all(some.map((name) => access.canRead(ctx.req, name, token)));
    readable.push(...some.filter((_, i) => allowed[i]));
  }
  return readable.slice(0, most);
}
