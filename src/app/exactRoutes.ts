import type { Context, Middleware, Next } from 'koa';
import type Router from 'koa-router';

/**
 * Finds the routes whose path is one plain text by that text. The router compares each request with each route, which is a good
 * part of what a publish or a stream's opening costs; it still has the others, and says what is not allowed.
 */
export function exactRoutes(router: Router): Middleware {
  const routes = new Map<string, readonly Middleware[]>();
  for (const { path, paramNames, methods, stack } of router.stack) {
    if (typeof path !== 'string' || paramNames.length > 0) continue;
    for (const method of methods) {
      const key = `${method} ${path}`;
      if (!routes.has(key)) routes.set(key, stack as unknown as Middleware[]);
    }
  }
  return (ctx, next) => {
    const handlers = routes.get(`${ctx.method} ${ctx.path}`);
    return handlers ? run(handlers, 0, ctx) : next();
  };
}

async function run(handlers: readonly Middleware[], at: number, ctx: Context): Promise<void> {
  const next: Next = () => run(handlers, at + 1, ctx);
  await handlers[at]?.(ctx as Parameters<Middleware>[0], next);
}
