import type Router from 'koa-router';
import type { Parts } from '../parts.ts';
import { SidecarFigures } from '../sidecarFigures.ts';
import { Usage } from '../usage.ts';

/** `/healthz`: alive. `/readyz`: able to serve. `/metrics`: for Prometheus. */
export function healthRoutes(router: Router, { bus, board, hub, metrics, streams, config }: Parts): void {
  const usage = new Usage(bus);
  usage.showIn(metrics, config);
  const sidecar = new SidecarFigures(board);
  sidecar.showIn(metrics);
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
    await Promise.all([usage.look(), sidecar.look()]);
    ctx.type = metrics.registry.contentType;
    ctx.body = await metrics.registry.metrics();
  });
}
