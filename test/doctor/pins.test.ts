import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ALLOWED, proxied, WELL, withFaults } from '../support/doctor.ts';
import { examined } from '../support/examined.ts';

const BUTTON = { name: 'button', gpio: 17, direction: 'in', level: 0 };

/** What the doctor says when `GET /pins` answers this. */
function when(t: TestContext, answer: unknown, status = 200): Promise<Record<string, string>> {
  return withFaults(t, {
    answer: ({ url }, response) => {
      if (url !== '/pins') return false;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
      return true;
    },
  });
}

describe('the doctor on pins', { concurrency: 4 }, () => {
  test('tells of each pin that fails, in its own words', async (t) => {
    const said = await when(t, {
      state: 'degraded',
      driver: 'onoff',
      at: 1,
      pins: [
        BUTTON,
        {
          ...BUTTON,
          name: 'door',
          level: null,
          problem: 'door (GPIO 27) is in use by another program: end it.',
        },
        { ...BUTTON, name: 'led', direction: 'out', problem: 'led (GPIO 18) is not there.\u001b[2J' },
      ],
    });
    assert.deepEqual(said, {
      ...WELL,
      gpio: '✗ door (GPIO 27) is in use by another program: end it.\n✗ led (GPIO 18) is not there.\ufffd[2J',
    });
  });

  test('tells of a sidecar that is offline, and of pins that are not open yet', async (t) => {
    const offline = await when(t, {
      state: 'offline',
      driver: 'onoff',
      pins: [{ ...BUTTON, level: null }],
      at: 1,
    });
    assert.deepEqual(offline, {
      ...WELL,
      gpio: '✗ No sidecar runs, or it has not said so for 10 s: nobody watches the pins. Start it, or look at its log (docker compose up -d sidecar; docker compose logs sidecar).',
    });
    const opening = await when(t, {
      state: 'degraded',
      driver: 'onoff',
      pins: [{ ...BUTTON, level: null }],
      at: 1,
    });
    assert.deepEqual(opening, { ...WELL, gpio: '✗ button: not open yet. Look again.' });
  });

  test('notes edges that were missed and events that were dropped', async (t) => {
    const said = await when(t, {
      state: 'online',
      driver: 'gpiomon',
      pins: [
        { ...BUTTON, missed: 3 },
        { ...BUTTON, name: 'door' },
      ],
      dropped: 2,
      at: 1,
    });
    assert.deepEqual(said, {
      ...WELL,
      gpio: '✓ 2 pins watched (gpiomon); at least 3 edges of button were missed since it started; 2 events were dropped while Redis was away',
    });
  });

  test('has nothing against a Pinstream without pins', async (t) => {
    const said = await when(t, { state: 'offline', driver: null, pins: [], at: null });
    assert.deepEqual(said, { ...WELL, gpio: '– not looked at: no sidecar has ever run here.' });
  });

  test('takes no nonsense for pins', async (t) => {
    const broken = '✗ GET /pins does not say how the pins are: it is answered 200 (application/json).';
    for (const nonsense of [null, 'text', { state: 'online', pins: {} }, { state: 'online', pins: [null] }]) {
      assert.equal((await when(t, nonsense)).gpio, broken, JSON.stringify(nonsense));
    }
    assert.equal(
      (await when(t, { error: 'The store is away.' }, 503)).gpio,
      '✗ GET /pins does not say how the pins are: The store is away.',
    );
  });

  test('is not harmed by nonsense in any answer', async (t) => {
    const { proxy } = await proxied(t, {
      answer: ({ url = '' }, response) => {
        if (url.startsWith('/healthz') || url.startsWith('/readyz')) return false;
        response.writeHead(200, { 'Content-Type': 'text/event-stream', Vary: 'x', Date: 'never' });
        response.end(
          `event: pinstream\ndata: {"type":"open","heartbeat":"x","channels":{}}\n\n${'x'.repeat(3_000_000)}`,
        );
        return true;
      },
    });
    const said = await examined(proxy.url, { settings: { CORS_ORIGINS: ALLOWED } });
    assert.equal(said.reachable, WELL.reachable);
    assert.deepEqual(Object.keys(said).sort(), Object.keys(WELL).sort());
    assert.equal(said.publish, '✗ An event cannot be published: it is answered 200 (text/event-stream).');
  });
});
