import type { Context } from 'koa';
import type Router from 'koa-router';
import { isPattern } from '../../contract/channel.ts';
import { formatCursor } from '../../contract/cursor.ts';
import { tokenOf } from '../access/access.ts';
import type { Parts } from '../parts.ts';
import { queryOf } from '../query.ts';

/** `GET /channels`: what there is. `GET /stats`: who listens, in cyclone's form. */
export function channelsRoutes(router: Router, parts: Parts): void {
  router.get('/channels', (ctx) => listChannels(ctx, parts));
  router.get('/stats', (ctx) => listStats(ctx, parts));
}

async function listChannels(ctx: Context, parts: Parts): Promise<void> {
  const [{ epoch }, logs, names, streams] = await Promise.all([
    parts.bus.position(),
    parts.bus.channels(),
    parts.listening.names(),
    parts.listening.counter(),
  ]);
  const known = new Map(logs.map((info) => [info.channel, info]));
  const all = new Set([...known.keys(), ...[...names.keys()].filter((name) => !isPattern(name))]);
  const readable = await readableOf(ctx, parts, [...all].sort());
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    channels: readable.map((channel) => {
      const info = known.get(channel);
      const last = info ? formatCursor(epoch, info.last) : null;
      return { channel, streams: streams(channel), length: info?.length ?? 0, last };
    }),
  };
}

async function listStats(ctx: Context, parts: Parts): Promise<void> {
  const names = await parts.listening.names();
  const readable = await readableOf(ctx, parts, [...names.keys()].sort());
  ctx.set('Cache-Control', 'no-store');
  ctx.body = readable.map((name) => [name, names.get(name)]);
}

async function readableOf(ctx: Context, { access }: Parts, names: string[]): Promise<string[]> {
  const token = tokenOf(ctx.req, queryOf(ctx));
  const readable = await Promise.all(names.map((name) => access.canRead(ctx.req, name, token)));
  return names.filter((_, i) => readable[i]);
}
