import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ALLOWED, proxied, skippedFor, WELL, withFaults } from '../support/doctor.ts';
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
    const said = await withFaults(t, { piece: collecting(65_536) }, { patience: { opening: 600 } });
    assert.deepEqual(said, {
      ...WELL,
      stream: `✗ Nothing of a stream arrives within 0.6 s, not even its beginning: ${COLLECTS}`,
      ...skippedFor('no stream opens.', 'events', 'replay', 'replay-query', 'heartbeat'),
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
    const { proxy } = await proxied(t, { cutAfter: 1_500 }, { HEARTBEAT: '2s' });
    const said = await examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED } });
    assert.deepEqual(said, {
      ...WELL,
      heartbeat:
        '✗ A stream is cut off before its heartbeat, which comes every 2 s: let what stands in front wait longer (docs/operations.md, "Behind nginx").',
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

  test('measures, when it is told to, how long a proxy waits that does not say', async (t) => {
    const silent: Faults = { head: ({ headers }) => void delete headers['x-pinstream-read-timeout'] };
    const quick = await withFaults(t, silent);
    assert.deepEqual(quick, {
      ...WELL,
      ...skippedFor('what stands in front does not say. --slow measures it, in 70 s.', 'timeout'),
    });
    const patience = { stream: 2_000, poll: 1_000 };
    const slow = { ...WELL, timeout: '✓ a stream is open for 2 s and goes on' };
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

  test('says what cannot be seen where nothing stands in front', async (t) => {
    const { app } = await proxied(t);
    assert.deepEqual(await examined(app.url, { settings: { CORS_ORIGINS: ALLOWED } }), {
      ...WELL,
      ...skippedFor('nothing seems to stand in front of the app.', 'timeout', 'away-stream', 'cors-502'),
    });
  });
});
