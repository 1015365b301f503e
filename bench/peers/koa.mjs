// What most people write when they want server-sent events with Koa and Redis: a PassThrough as the body of each stream, and each
// message written to each of them.
import { PassThrough } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import { Redis } from 'ioredis';
import Koa from 'koa';
import Router from 'koa-router';

const HEARTBEAT_MS = 15_000;

const redis = new Redis(process.env.REDIS_URL);
const subscriber = new Redis(process.env.REDIS_URL);
const clients = new Set();

const router = new Router();
router.get('/stream', (ctx) => {
  ctx.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  const client = new PassThrough();
  ctx.status = 200;
  ctx.body = client;
  client.write(': welcome\n\n');
  clients.add(client);
  ctx.req.on('close', () => clients.delete(client));
});
router.post('/publish', async (ctx) => {
  const { channel, data } = ctx.request.body;
  await redis.publish(channel, data);
  ctx.status = 201;
  ctx.body = { status: 'ok' };
});

subscriber.on('message', (_channel, data) => {
  for (const client of clients) client.write(`data: ${data}\n\n`);
});
setInterval(() => {
  for (const client of clients) client.write(': ping\n\n');
}, HEARTBEAT_MS);

await subscriber.subscribe('bench');
const app = new Koa();
app.on('error', () => undefined); // Koa calls each client that leaves an error
app.use(bodyParser()).use(router.routes());
app
  .listen({ port: Number(process.env.PORT), host: process.env.HOST, backlog: 4096 })
  .on('listening', () => process.stdout.write('ready\n'));
