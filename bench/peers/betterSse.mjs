// better-sse as its documentation shows it, on Node's own server.
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';

const HEARTBEAT_MS = 15_000;

const channel = createChannel();

createServer(async (req, res) => {
  if (req.url === '/stream') {
    const session = await createSession(req, res, { keepAlive: HEARTBEAT_MS });
    channel.register(session);
    return;
  }
  let data = '';
  for await (const part of req.setEncoding('utf8')) data += part;
  channel.broadcast(data, 'message');
  res.writeHead(201, { 'Content-Type': 'text/plain' }).end('ok');
})
  .listen({ port: Number(process.env.PORT), host: process.env.HOST, backlog: 4096 })
  .on('listening', () => process.stdout.write('ready\n'));
