import type { Context, Next } from 'koa';
import type Router from 'koa-router';
import { changeSession } from '../../bus/sessions.ts';
import { tokenOf } from '../access/access.ts';
import { objectOf, readJson } from '../body.ts';
import type { Parts } from '../parts.ts';
import { checkNames, queryOf, sinceOf } from '../query.ts';
import { refuse } from '../refuse.ts';
import {
  addedTo,
  changedRecord,
  countedRecord,
  isOld,
  mostOwedNames,
  owedNames,
} from '../sse/sessionRecord.ts';

const TOO_MUCH =
  'Too much was missed in this session: let its stream be open until it says "channels", leave "since" out, or add fewer patterns that overlap.';

/** `PUT /stream/:session`: other channels for an open stream, whichever app holds it. */
export function sessionRoute(router: Router, parts: Parts): void {
  router.put('/stream/:session', hideSession, readJson(), (ctx) => putChannels(ctx, parts));
}

/** Who knows a session may change it: from here on the address doesn't say it, whatever is logged of this request. */
async function hideSession(ctx: Context, next: Next): Promise<void> {
  ctx.path = '/stream/-';
  await next();
}

async function putChannels(ctx: Context, { access, config, sessions }: Parts): Promise<void> {
  const { channels, since, change } = objectOf(ctx.request.body);
  const names = checkNames(namesOf(channels), 'channels', config.maxStreamChannels);
  const cursor = sinceOf(since);
  const count = countOf(change);
  const token = tokenOf(ctx.req, queryOf(ctx));
  const record = await changeSession(sessions, String(ctx.params.session), async (was) => {
    if (!was)
      throw refuse(404, 'There is no such session: open the stream with ?session= and this word first.');
    await access.checkRead(ctx.req, addedTo(was, names), token);
    if (isOld(was, count)) return undefined;
    const next = countedRecord(was, changedRecord(was, names, cursor), count);
    const owed = next ? owedNames(next) : 0;
    if (owed > owedNames(was) && owed > mostOwedNames(config.maxStreamChannels)) throw refuse(409, TOO_MUCH);
    return next;
  });
  ctx.body = { channels: record?.channels };
}

function namesOf(channels: unknown): string[] {
  const areNames = Array.isArray(channels) && channels.every((name) => typeof name === 'string');
  if (!areNames || channels.length === 0)
    throw refuse(400, 'Say which channels, as a list: {"channels":["a","b"]}', 'channels');
  return channels as string[];
}

function countOf(change: unknown): number | undefined {
  if (change === undefined) return undefined;
  if (!Number.isSafeInteger(change) || (change as number) < 1)
    throw refuse(400, '"change" must count your changes of this session: 1, 2, 3.', 'change');
  return change as number;
}
