import type { Context, Next } from 'koa';
import { BusError } from '../bus/bus.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from './metrics.ts';
import { Refusal } from './refuse.ts';

/** Every error is answered as `{"error": "a sentence that says what to do", "field"?}`; what is our own fault is logged. */
export function answerErrors(metrics: Metrics, log: Log) {
  return async (ctx: Context, next: Next): Promise<void> => {
    try {
      await next();
      const silent = ctx.body === undefined && ctx.respond !== false;
      if (silent && ctx.status === 404) {
        throw new Refusal(404, `There is nothing at ${ctx.path}. The addresses are listed in docs/wire.md.`);
      }
      if (silent && (ctx.status === 405 || ctx.status === 501)) {
        throw new Refusal(
          405,
          `This address does not take ${ctx.method}, only ${ctx.response.get('Allow')}.`,
        );
      }
    } catch (error) {
      const { status, message, field } = asRefusal(error, ctx, log);
      metrics.refused.inc({ status });
      if (status === 401) ctx.set('WWW-Authenticate', 'Bearer');
      if (status === 503) ctx.set('Retry-After', '2');
      ctx.status = status;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { error: message, ...(field === undefined ? {} : { field }) };
    }
  };
}

function asRefusal(
  error: unknown,
  ctx: Context,
  log: Log,
): { status: number; message: string; field?: string | undefined } {
  if (error instanceof Refusal) return error;
  if (error instanceof BusError) return { status: statusOf(error), message: error.message };
  const { status, expose, message } = error as { status?: number; expose?: boolean; message: string };
  if (expose && status !== undefined) return { status, message };
  log.error(
    { method: ctx.method, path: ctx.path, error: String((error as Error).stack ?? error) },
    'A request failed.',
  );
  return { status: 500, message: "Something went wrong here, not in your request. The app's log says what." };
}

/** What the store did not do: for want of room, since the channel is the hardware's, or because it is away. */
export function statusOf({ reason }: BusError): 403 | 503 | 507 {
  if (reason === 'owned') return 403;
  return reason === 'full' ? 507 : 503;
}
