import type { Context } from 'koa';
import type Router from 'koa-router';
import { dataProblem } from '../../contract/event.ts';
import { parsePayload } from '../../contract/payload.ts';
import { tokenOf } from '../access/access.ts';
import { readForm } from '../body.ts';
import type { Parts } from '../parts.ts';
import { checkChannel, queryOf } from '../query.ts';
import { refuse } from '../refuse.ts';

/** `POST /publish`: cyclone_sse's form. What it says is read as a raw publish on the same channel would be. */
export function publishRoute(router: Router, parts: Parts): void {
  router.post('/publish', readForm(), (ctx) => publish(ctx, parts));
}

async function publish(ctx: Context, { access, bus, device, metrics }: Parts): Promise<void> {
  const form = new URLSearchParams(String(ctx.request.body ?? ''));
  const channels = [...new Set(form.getAll('channel'))];
  const message = form.get('message');
  if (channels.length === 0) throw refuse(400, 'Say on which channel: "channel" is missing.', 'channel');
  if (message === null) throw refuse(400, 'Say what: "message" is missing.', 'message');
  const tooLarge = dataProblem(message);
  if (tooLarge) throw refuse(413, tooLarge, 'message');
  const token = form.get('key') || tokenOf(ctx.req, queryOf(ctx));
  for (const channel of channels) {
    checkChannel(channel);
    await access.checkWrite(ctx.req, channel, token);
    const owned = device.owns(channel);
    if (owned) throw refuse(403, owned, 'channel');
  }
  const { renamed: _, ...payload } = parsePayload(message);
  const at = Date.now();
  await Promise.all(channels.map((channel) => bus.append({ channel, ...payload, at })));
  metrics.published.inc({ door: 'publish' }, channels.length);
  ctx.body = { status: 'ok' };
}
