import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { bench } from '../../bench/bench.ts';
import type { Contender } from '../../bench/contender.ts';
import { fanOut } from '../../bench/scenarios/fanOut.ts';

/** How often the first stream gets an event; the others get each once. */
type Times = (event: number) => number;

const STREAMS = 5;

test('a server that delivers all of it is measured', async (t) => {
  const { results, failures } = await measured(t, () => 1);
  assert.deepEqual(
    { failures, servers: results.all.map(({ server }) => server) },
    { failures: [], servers: ['odd'] },
  );
});

test('a single delivery that is lost makes the run fail, and leaves no figure', async (t) => {
  const { results, failures } = await measured(t, (event) => (event === 6 ? 0 : 1));
  assert.deepEqual(results.all, []);
  assert.equal(failures.length, 1);
  assert.match(
    failures[0] ?? '',
    /^An odd server, fan-out, 5 streams: .*: of 15 deliveries 14 were made.* lacks event (\d+) of \1\.$/,
  );
});

test('a single delivery that comes twice makes the run fail, and leaves no figure', async (t) => {
  const { results, failures } = await measured(t, (event) => (event === 6 ? 2 : 1));
  assert.deepEqual(results.all, []);
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', /^An odd server, fan-out, 5 streams: .*\b1 came twice\b.*\.$/);
});

async function measured(t: TestContext, times: Times) {
  return bench(
    {
      scenarios: [fanOut],
      contenders: [odd(t, times)],
      scale: { quick: true, streams: [STREAMS] },
      rounds: 1,
    },
    () => undefined,
  );
}

function odd(t: TestContext, times: Times): Contender {
  return {
    name: 'odd',
    label: 'An odd server',
    behindNginx: false,
    async start() {
      const server = serverThat(times).listen(0, '127.0.0.1');
      t.after(() => {
        server.close();
        server.closeAllConnections();
      });
      await once(server, 'listening');
      return {
        port: (server.address() as AddressInfo).port,
        door: { streamPath: '/stream', publishPath: '/publish', contentType: 'text/plain', body: '%' },
        pids: [process.pid],
        async collect() {},
      };
    },
  };
}

/** Sends each event to all streams, to the first as often as it is told. */
function serverThat(times: Times): Server {
  const streams: ServerResponse[] = [];
  let events = 0;
  return createServer(async (req, res) => {
    if (req.method === 'GET') {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      streams.push(res);
      return;
    }
    let text = '';
    for await (const part of req.setEncoding('utf8')) text += part;
    if (streams.length > 0) events++; // before, it only warms up
    for (const [i, stream] of streams.entries())
      for (let n = 0; n < (i === 0 ? times(events) : 1); n++) stream.write(`data: ${text}\n\n`);
    res.writeHead(201, { 'Content-Length': '2' }).end('ok');
  });
}
