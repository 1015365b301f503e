import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';

/** Something in the app's place that answers as the app never should, or says what reached it. */
export interface OddApp {
  readonly port: number;
  readonly address: string;
  readonly seen: readonly { url: string; version: string; headers: IncomingHttpHeaders }[];
  stop(): Promise<void>;
}

export async function startOddApp(
  answer: RequestListener,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<OddApp> {
  const seen: OddApp['seen'][number][] = [];
  const server = createServer((req, res) => {
    seen.push({ url: req.url ?? '', version: req.httpVersion, headers: req.headers });
    answer(req, res);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as { port: number }).port;
  return {
    port: bound,
    address: `${host}:${bound}`,
    seen,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
