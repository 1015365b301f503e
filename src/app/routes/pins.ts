import type { Context } from 'koa';
import type Router from 'koa-router';
import { DEVICE_CHANNEL, type PinCommand, type PinReply } from '../../contract/device.ts';
import { tokenOf } from '../access/access.ts';
import { objectOf, readJson } from '../body.ts';
import type { Parts } from '../parts.ts';
import { queryOf } from '../query.ts';
import { refuse } from '../refuse.ts';

const MOST_PRESS_MS = 60_000;

/** `GET /pins`: the device and its pins. `POST /pins/:name`: press in the mock, set an output. */
export function pinsRoutes(router: Router, parts: Parts): void {
  router.get('/pins', async (ctx) => {
    await parts.access.checkRead(ctx.req, [DEVICE_CHANNEL], tokenOf(ctx.req, queryOf(ctx)));
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { ...parts.device.state, at: parts.device.at ?? null };
  });
  router.post('/pins/:name', readJson(), (ctx) => commandPin(ctx, parts, String(ctx.params.name)));
}

async function commandPin(ctx: Context, { access, board }: Parts, pin: string): Promise<void> {
  const command = commandOf(pin, objectOf(ctx.request.body));
  await access.checkWrite(ctx.req, pin, tokenOf(ctx.req, queryOf(ctx)));
  const outcome = await board.command(command);
  if (outcome === 'nobody')
    throw refuse(503, 'No sidecar is running: nobody watches the pins. Start it, and try again.');
  if (outcome === 'silent') {
    throw refuse(
      504,
      'The sidecar has not answered in 2 s: nobody knows whether it was done. Look at GET /pins.',
    );
  }
  ctx.body = replied(outcome.reply);
}

function commandOf(pin: string, { press, value }: Record<string, unknown>): PinCommand {
  if (press !== undefined && value === undefined) {
    if (!Number.isInteger(press) || (press as number) < 1 || (press as number) > MOST_PRESS_MS) {
      throw refuse(400, `"press" must be for how long, from 1 to ${MOST_PRESS_MS} ms.`, 'press');
    }
    return { pin, press: press as number };
  }
  if (value !== undefined && press === undefined) {
    if (value !== 0 && value !== 1) throw refuse(400, '"value" must be 0 or 1.', 'value');
    return { pin, value };
  }
  throw refuse(400, 'Send {"press": 120} to press for 120 ms, or {"value": 1} to set an output.');
}

const STATUS = { 'unknown-pin': 404, 'not-possible': 409, failing: 503 } as const;

function replied(reply: PinReply): object {
  if (!reply.ok) throw refuse(STATUS[reply.refused], reply.error);
  return reply.pin;
}
