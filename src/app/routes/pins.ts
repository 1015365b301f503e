import type { Context } from 'koa';
import type Router from 'koa-router';
import { DEVICE_CHANNEL, type PinCommand, type PinReply, parseCommand } from '../../contract/device.ts';
import { tokenOf } from '../access/access.ts';
import { objectOf, readJson } from '../body.ts';
import type { Parts } from '../parts.ts';
import { queryOf } from '../query.ts';
import { refuse } from '../refuse.ts';

/** `GET /pins`: the device and its pins. `POST /pins/:name`: press or hold in the mock; set an output, pulse it, let it blink. */
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

function commandOf(pin: string, members: Record<string, unknown>): PinCommand {
  const command = parseCommand(pin, members);
  if ('problem' in command) throw refuse(400, command.problem, command.member);
  return command;
}

const STATUS = { 'unknown-pin': 404, 'not-possible': 409, failing: 503 } as const;

function replied(reply: PinReply): object {
  if (!reply.ok) throw refuse(STATUS[reply.refused], reply.error);
  return reply.pin;
}
