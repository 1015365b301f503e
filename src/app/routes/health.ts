import type Router from 'koa-router';
import type { Parts } from '../parts.ts';
import { Usage } from '../usage.ts';

/** `/healthz`: alive. `/readyz`: able to serve. `/metrics`: for Prometheus. */
export function healthRoutes(router: Router, { bus, hub, metrics, streams, config }: Parts): void {
  const usage = new Usage(bus);
  usage.showIn(metrics, config);
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', (ctx) => {
    const { problem = 'The store has not answered yet.' } = bus.status();
    const ready = hub.position !== undefined && bus.status().ready && !streams.closing;
    ctx.status = ready ? 200 : 503;
    ctx.body = ready
      ? { ready }
      : { ready, problem: streams.closing ? 'This app is about to stop.' : problem };
  });
  router.get('/metrics', async (ctx) => {
    await usage.look();
    ctx.type = metrics.registry.contentType;
    ctx.body = await metrics.registry.metrics();
  });
}
