import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { ALLOWED, proxied, skippedFor, unseen, WELL, withFaults } from '../support/doctor.ts';
import { examined } from '../support/examined.ts';
import type { Faults } from '../support/faultyProxy.ts';

/** Each fault of a proxy is told by its own line, and by no other. */

const COLLECTS =
  'what stands in front collects streams. In nginx: proxy_buffering off, without proxy_ignore_headers (docs/operations.md, "Behind nginx").';

const isStream = (path = '') => /^\/(stream|sse)/.test(path);

/** Passes on only what makes a whole block of so many bytes. */
function collecting(bytes: number): Faults['piece'] {
  let waiting = Buffer.alloc(0);
  return (piece, send) => {
    waiting = Buffer.concat([waiting, piece]);
    if (waiting.length < bytes) return;
    send(waiting);
    waiting = Buffer.alloc(0);
  };
}

describe('the doctor', { concurrency: 4 }, () => {
  test('says that all is well when it is', async (t) => {
    assert.deepEqual(await withFaults(t, {}), WELL);
  });

  test('tells of a proxy that collects streams until a block is full', async (t) => {
    const said = await withFaults(t, { piece: collecting(65_536) }, { patience: { opening: 2_000 } });
    assert.deepEqual(said, {
      ...WELL,
      stream: `✗ Nothing of a stream arrives within 2 s, not even its beginning: ${COLLECTS}`,
      ...skippedFor('no stream opens.', 'events', 'replay', 'replay-query', 'compression', 'heartbeat'),
    });
  });

  test('tells once, also with --slow, of a stream that does not even begin', async (t) => {
    const answer: Faults['answer'] = ({ method, url }) => method === 'GET' && isStream(url);
    const patience = { opening: 300, stream: 500, poll: 1_000 };
    assert.deepEqual(await withFaults(t, { answer }, { slow: true, patience }), {
      ...WELL,
      stream: `✗ A stream does not begin: the app stands still, or ${COLLECTS}`,
      ...skippedFor('no stream opens.', 'events', 'replay', 'replay-query', 'compression', 'timeout'),
      ...skippedFor('no stream begins.', 'cors-stream', 'heartbeat'),
      'long-poll': '✓ a quiet long poll is answered in its time',
    });
  });

  test('tells of a proxy that collects events for a while', async (t) => {
    const piece: Faults['piece'] = (() => {
      let waiting: Buffer[] = [];
      return (one, send) => {
        if (one.includes('"open"')) return send(one);
        waiting.push(one);
        if (waiting.length > 1) return;
        setTimeout(() => {
          const all = waiting;
          waiting = [];
          send(Buffer.concat(all));
        }, 700);
      };
    })();
    const quiet = { HEARTBEAT: '30s' };
    const { proxy } = await proxied(t, { piece }, quiet);
    const said = await examined(proxy.url, {
      settings: { CORS_ORIGINS: ALLOWED },
      patience: { event: 250 },
    });
    assert.equal(said.events, `✗ Events arrive late and together: ${COLLECTS}`);
  });

  test('has nothing against one event that is late, as on a card that stands still for a moment', async (t) => {
    const late = (events: RegExp, ms: number): Faults['piece'] => {
      return (one, send) => (events.test(String(one)) ? void setTimeout(() => send(one), ms) : send(one));
    };
    const look = { patience: { event: 300, opening: 1_500 } };
    const quiet = { HEARTBEAT: '30s' };
    const said = async (piece: Faults['piece']) => {
      const { proxy } = await proxied(t, { piece }, quiet);
      return (await examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED }, ...look })).events;
    };
    const [one, three, lost] = await Promise.all([
      said(late(/\ndata: 3\n/, 600)),
      said(late(/\ndata: [024]\n/, 600)),
      said(late(/\ndata: 3\n/, 10_000)),
    ]);
    assert.equal(one, '✓ events arrive one by one, at once, but 1 of 5 late');
    assert.match(
      String(three),
      /^✗ An event takes (?:[6-9]\d\d|\d{4}) ms, more than 250: the way is slow, or what stands in front collects events for a moment\.$/,
    );
    assert.equal(lost, "✗ 1 of 5 events have not arrived after 1.5 s: look again, and at the app's log.");
  });

  test('waits for an event also when its publishing was answered late', async (t) => {
    const { proxy } = await proxied(t, {
      hold: ({ method }) => (method === 'POST' ? 400 : 0),
      piece: (one, send) => void setTimeout(() => send(one), /\ndata: \d\n/.test(String(one)) ? 550 : 0),
    });
    const look = { settings: { CORS_ORIGINS: ALLOWED }, patience: { event: 300 } };
    assert.match(
      String((await examined(proxy.url, look)).events),
      /^✗ An event takes (?:[5-9]\d\d|\d{4}) ms, more than 250: the way is slow/,
    );
  });

  test('publishes over one connection, so that making it is not measured', async (t) => {
    const ports = new Set<number | undefined>();
    const { proxy } = await proxied(t, {
      head: (_, { method, socket }) => {
        if (method === 'POST') ports.add(socket.remotePort);
      },
    });
    const said = await examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED } });
    assert.deepEqual([said.events, said.replay, ports.size], [WELL.events, WELL.replay, 1]);
  });

  test('tells of a long poll that is answered otherwise, or cut off', async (t) => {
    const polled = async (answer: (response: ServerResponse) => void) => {
      const said = await withFaults(
        t,
        {
          answer: ({ url }, response) => {
            if (!url?.includes('wait=')) return false;
            answer(response);
            return true;
          },
        },
        { slow: true, patience: { stream: 500, poll: 1_000 } },
      );
      return said['long-poll'];
    };
    const longer = 'let what stands in front wait longer, in nginx: proxy_read_timeout 75s.';
    assert.deepEqual(
      await Promise.all([
        polled((response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>')),
        polled((response) => response.writeHead(400).end('{"error":"wait must be a number."}')),
        polled((response) => response.destroy()),
        polled((response) => {
          response.writeHead(200, { 'Content-Length': '100' }).write('{');
          setTimeout(() => response.destroy(), 50);
        }),
      ]),
      [
        '✗ GET /events?wait=1 is not answered as it should be: it is answered 502 (text/html).',
        '✗ GET /events?wait=1 is not answered as it should be: wait must be a number.',
        `✗ GET /events?wait=1 gets no answer, and ends after 0 s: ${longer}`,
        `✗ GET /events?wait=1 is cut off after 0 s: ${longer}`,
      ],
    );
  });

  test('does not wait for a heartbeat that comes too seldom, even with --slow', async (t) => {
    const { proxy } = await proxied(t, {}, { HEARTBEAT: '30s' });
    const said = await examined(proxy.url, {
      settings: { CORS_ORIGINS: ALLOWED },
      slow: true,
      patience: { stream: 500, poll: 1_000 },
    });
    assert.deepEqual(
      [said.heartbeat, said.timeout],
      [
        '– not looked at: it comes every 30 s only, which is too long to wait for.',
        '✓ a stream is open for 0.5 s, and quiet, and goes on',
      ],
    );
  });

  test('tells of a proxy that swallows events', async (t) => {
    const piece: Faults['piece'] = (one, send) => /\ndata: \d\n/.test(String(one)) || send(one);
    const said = await withFaults(t, { piece }, { patience: { event: 100 } });
    assert.deepEqual(said, { ...WELL, events: `✗ Events do not arrive: ${COLLECTS}` });
  });

  test('tells of a way that is slow', async (t) => {
    const piece: Faults['piece'] = (one, send) => void setTimeout(() => send(one), 400);
    const said = await withFaults(t, { piece });
    const { events = '', ...rest } = said;
    assert.match(
      events,
      /^✗ An event takes [4-9]\d\d ms, more than 250: the way is slow, or what stands in front collects events for a moment\.$/,
    );
    const { events: _, ...well } = WELL;
    assert.deepEqual(rest, well);
  });

  test('tells of a proxy that compresses streams', async (t) => {
    const said = await withFaults(t, {
      head: ({ headers }, { url, headers: { 'accept-encoding': accept = '' } }) => {
        if (isStream(url) && accept.includes('gzip')) headers['content-encoding'] = 'gzip';
      },
    });
    assert.deepEqual(said, {
      ...WELL,
      compression:
        '✗ Streams are compressed (gzip), so events wait until a block is full: leave text/event-stream out. In nginx: gzip off for /stream and /sse/.',
    });
  });

  test('tells of a proxy that drops Last-Event-ID', async (t) => {
    const said = await withFaults(t, {
      ask: ({ headers }) => {
        delete headers['last-event-id'];
      },
    });
    assert.deepEqual(said, {
      ...WELL,
      replay:
        '✗ The header Last-Event-ID does not reach the app: whoever reconnects misses what came meanwhile. Let what stands in front pass it on.',
    });
  });

  test('tells of a proxy that drops the cursor of the query', async (t) => {
    const said = await withFaults(t, {
      ask: (request) => {
        request.url = request.url.replace(/&last_event_id=.*/, '');
      },
    });
    assert.deepEqual(said, {
      ...WELL,
      'replay-query':
        '✗ last_event_id in the query does not reach the app: let what stands in front pass the query on as it is.',
    });
  });

  test('tells of a replay that comes twice', async (t) => {
    const said = await withFaults(t, {
      piece: (one, send) => {
        send(one);
        if (one.includes('missed too')) setTimeout(() => send(one), 30);
      },
    });
    const twice = (what: string) =>
      `✗ After a reconnect by ${what} 4 events came where 2 were missed, or in another order: look at what stands in front, and at the app's log.`;
    assert.deepEqual(said, {
      ...WELL,
      replay: twice('Last-Event-ID'),
      'replay-query': twice('last_event_id in the query'),
    });
  });

  test('tells of a heartbeat that does not come', async (t) => {
    const said = await withFaults(t, {
      piece: (one, send) => one.includes('"ping"') || send(one),
    });
    assert.deepEqual(said, {
      ...WELL,
      heartbeat:
        '✗ No heartbeat comes, though one is promised every 0.3 s: what stands in front holds it back.',
    });
  });

  test('tells of a proxy that cuts quiet streams off', async (t) => {
    const { proxy } = await proxied(t, { cutAfter: 2_500 }, { HEARTBEAT: '3s' });
    const said = await examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED } });
    assert.deepEqual(said, {
      ...WELL,
      heartbeat:
        '✗ A stream is cut off before its heartbeat, which comes every 3 s: let what stands in front wait longer (docs/operations.md, "Behind nginx").',
    });
  });

  test('waits for a seldom heartbeat only when it is told to', async (t) => {
    const { proxy } = await proxied(t, {}, { HEARTBEAT: '20s' });
    const said = await examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED } });
    assert.deepEqual(said, {
      ...WELL,
      ...skippedFor('it comes every 20 s only. --slow waits for it.', 'heartbeat'),
    });
  });

  test('tells of a proxy that says it waits a minute only', async (t) => {
    const said = await withFaults(t, {
      head: ({ headers }) => {
        if (headers['x-pinstream-read-timeout']) headers['x-pinstream-read-timeout'] = '60';
      },
    });
    assert.deepEqual(said, {
      ...WELL,
      timeout:
        '✗ nginx cuts a stream off on which nothing comes for 60 s: let it wait longer, in nginx: proxy_read_timeout 1d for /stream and /sse/ (docs/operations.md, "Behind nginx").',
    });
  });

  test('looks, when it is told to, whether a stream lasts where the proxy does not say', async (t) => {
    const silent: Faults = { head: ({ headers }) => void delete headers['x-pinstream-read-timeout'] };
    const quick = await withFaults(t, silent);
    assert.deepEqual(quick, {
      ...WELL,
      ...skippedFor(
        'what stands in front does not say. --slow looks whether a stream lasts, in 70 s.',
        'timeout',
      ),
    });
    const patience = { stream: 2_000, poll: 1_000 };
    const slow = { ...WELL, timeout: '✓ a stream is open for 2 s, with its heartbeats, and goes on' };
    assert.deepEqual(await withFaults(t, silent, { slow: true, patience }), {
      ...slow,
      'long-poll': '✓ a quiet long poll is answered in its time',
    });
    const late: Faults['answer'] = ({ url }, response) => {
      if (!url?.includes('wait=')) return false;
      setTimeout(() => response.writeHead(504).end(), 50);
      return true;
    };
    assert.deepEqual(
      await withFaults(t, { ...silent, cutAfter: 1_000, answer: late }, { slow: true, patience }),
      {
        ...slow,
        timeout:
          '✗ A stream is cut off after 1 s: let what stands in front wait longer, in nginx: proxy_read_timeout 1d for /stream and /sse/ (docs/operations.md, "Behind nginx").',
        'long-poll':
          '✗ GET /events?wait=1 is answered 504 after 0 s: let what stands in front wait longer, in nginx: proxy_read_timeout 75s.',
      },
    );
  });

  test('says what cannot be seen where nothing says that it stands in front', async (t) => {
    const { app } = await proxied(t);
    assert.deepEqual(await examined(app.url, { settings: { CORS_ORIGINS: ALLOWED } }), {
      ...WELL,
      ...unseen(app.url),
    });
  });
});
