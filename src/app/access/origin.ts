import type { Context, Next } from 'koa';
import { refuse } from '../refuse.ts';

/**
 * Whether a page of this origin may do what it asks for. A request without an origin is no page's: curl, a backend. The
 * scheme is not compared, since a proxy in front may speak TLS while the app doesn't.
 */
function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A write that a foreign page makes is refused: its reader may have a key in the browser, or stand in the Pi's network. */
export function checkOrigin(allowed: readonly string[]) {
  return async (ctx: Context, next: Next): Promise<void> => {
    const { origin, host } = ctx.req.headers;
    if (!READING.has(ctx.method) && !isAllowedOrigin(origin, host, allowed)) {
      throw refuse(
        403,
        `Pages of ${origin} may not write here, neither events nor a stream's channels: add it to CORS_ORIGINS.`,
      );
    }
    await next();
  };
}

/** The CORS headers, on every answer, errors too (G15). Only where no proxy in front owns them (G8). */
export function sendCors(allowed: readonly string[]) {
  return async (ctx: Context, next: Next): Promise<void> => {
    const { origin } = ctx.req.headers;
    if (allowed.length > 0) ctx.vary('Origin');
    if (origin !== undefined && (allowed.includes('*') || allowed.includes(origin))) {
      ctx.set('Access-Control-Allow-Origin', allowed.includes(origin) ? origin : '*');
      if (allowed.includes(origin)) ctx.set('Access-Control-Allow-Credentials', 'true');
      ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, OPTIONS');
      ctx.set(
        'Access-Control-Allow-Headers',
        'Authorization, Cache-Control, Content-Type, Last-Event-ID, X-Requested-With',
      );
      ctx.set('Access-Control-Max-Age', '600');
    }
    if (ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== '') {
      ctx.status = 204;
      return;
    }
    await next();
  };
}
