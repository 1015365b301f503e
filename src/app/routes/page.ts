import type { Context } from 'koa';
import type Router from 'koa-router';
import type { Encoding } from '../assets.ts';
import type { Parts } from '../parts.ts';
import { queryOf } from '../query.ts';
import { refuse } from '../refuse.ts';
import { serveCyclone } from './stream.ts';

/** A page gets its own scripts, styles and streams, and nothing else: what an event says can't become a script. */
const PAGE_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/** What pages on other origins import. */
const CLIENT = 'pinstream.js';

/** `GET /`: the dashboard, or cyclone's stream when it names channels. The browser's files. */
export function pageRoutes(router: Router, parts: Parts): void {
  router.get('/', (ctx) => {
    return queryOf(ctx).has('channels') ? serveCyclone(ctx, parts) : serve(ctx, parts, 'page/index.html');
  });
  router.get('/test', (ctx) => serve(ctx, parts, 'page/test.html'));
  router.get('/pinstream.js', (ctx) => serve(ctx, parts, CLIENT));
  router.get('/favicon.ico', (ctx) => serve(ctx, parts, 'page/icon.svg'));
  router.get('/assets/*path', (ctx) => serve(ctx, parts, ctx.path.slice('/assets/'.length)));
}

function serve(ctx: Context, { assets }: Parts, path: string): void {
  const asset = assets.get(path);
  if (!asset) throw refuse(404, `There is no ${ctx.path}.`);
  ctx.set('Content-Security-Policy', PAGE_POLICY);
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Referrer-Policy', 'no-referrer');
  // Other pages may use the client, and cannot take the rest into their own memory.
  ctx.set('Cross-Origin-Resource-Policy', path === CLIENT ? 'cross-origin' : 'same-origin');
  // A page that opened this one gets no hold of its window. Over plain HTTP browsers ignore it, and complain in their console.
  if (ctx.secure) ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
  ctx.set('Cache-Control', 'no-cache');
  // Or a cache hands a compressed file to somebody who cannot read it.
  ctx.vary('Accept-Encoding');
  const { body, etag, encoding } = asset.packed.find((form) => accepts(ctx, form.encoding)) ?? asset;
  ctx.set('ETag', etag);
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  if (encoding) ctx.set('Content-Encoding', encoding);
  ctx.type = asset.type;
  ctx.body = body;
}

/** Asked for one alone: among several it would prefer what the browser happens to name first. */
function accepts(ctx: Context, encoding: Encoding): boolean {
  return ctx.acceptsEncodings(encoding) === encoding;
}
