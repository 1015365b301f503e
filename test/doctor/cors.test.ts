import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ALLOWED, proxied, skippedFor, unseen, WELL, withFaults } from '../support/doctor.ts';
import { examined } from '../support/examined.ts';
import type { Faults, Head } from '../support/faultyProxy.ts';

const ORIGIN = 'access-control-allow-origin';
const CREDENTIALS = 'access-control-allow-credentials';

/** Changes the heads that are so, preflights left out. */
function changing(
  isSo: (head: Head, url: string) => boolean,
  change: (head: Head, origin?: string) => void,
): Faults {
  return {
    head: (head, { method, url = '', headers: { origin } }) => {
      if (method !== 'OPTIONS' && isSo(head, url)) change(head, origin);
    },
  };
}

const isStream = (_: Head, url: string) => url.startsWith('/stream');
const forgotten = (what: string) =>
  `✗ Pages of https://allowed.example may not read ${what}: it has no Access-Control-Allow-Origin. Is that origin in CORS_ORIGINS? In nginx the header needs "always", and a location with an add_header of its own has lost it.`;

describe('the doctor on pages of other origins', { concurrency: 4 }, () => {
  test('tells of an answer, a stream or a 404 without the header', async (t) => {
    const forget = ({ headers }: Head) => {
      delete headers[ORIGIN];
    };
    const [answer, stream, missing] = await Promise.all([
      withFaults(
        t,
        changing((_, url) => url === '/readyz', forget),
      ),
      withFaults(t, changing(isStream, forget)),
      withFaults(
        t,
        changing(({ status }) => status === 404, forget),
      ),
    ]);
    assert.deepEqual(answer, { ...WELL, cors: forgotten('an answer') });
    assert.deepEqual(stream, { ...WELL, 'cors-stream': forgotten('a stream') });
    assert.deepEqual(missing, { ...WELL, 'cors-404': forgotten('a 404') });
  });

  test('tells of a header that comes twice, in two lines or in one', async (t) => {
    const [lines, one] = await Promise.all([
      withFaults(
        t,
        changing(isStream, ({ headers }, origin = '') => {
          headers[ORIGIN] = [origin, '*'];
        }),
      ),
      withFaults(
        t,
        changing(isStream, ({ headers }, origin = '') => {
          headers[ORIGIN] = `${origin}, ${origin}`;
        }),
      ),
    ]);
    const twice =
      '✗ Access-Control-Allow-Origin comes 2 times on a stream, which browsers take for none: either the app sends it or what stands in front (CORS_OWNER=proxy).';
    assert.deepEqual(lines, { ...WELL, 'cors-stream': twice });
    assert.deepEqual(one, { ...WELL, 'cors-stream': twice });
  });

  test('tells of another origin, of missing credentials and of a missing Vary', async (t) => {
    const [other, credentials, vary] = await Promise.all([
      withFaults(
        t,
        changing(isStream, ({ headers }, origin) => {
          if (origin === ALLOWED) headers[ORIGIN] = 'https://other.example';
        }),
      ),
      withFaults(
        t,
        changing(isStream, ({ headers }) => {
          delete headers[CREDENTIALS];
        }),
      ),
      withFaults(
        t,
        changing(isStream, ({ headers }) => {
          headers.vary = 'Accept-Encoding, X-Origin-Y';
        }),
      ),
    ]);
    assert.deepEqual(other, {
      ...WELL,
      'cors-stream': forgotten('a stream').replace(
        'it has no Access-Control-Allow-Origin',
        'its Access-Control-Allow-Origin is https://other.example',
      ),
    });
    assert.deepEqual(credentials, {
      ...WELL,
      'cors-stream':
        '✗ Pages of https://allowed.example may read a stream only without cookies and keys: Access-Control-Allow-Credentials is missing.',
    });
    assert.deepEqual(vary, {
      ...WELL,
      'cors-stream':
        '✗ Vary: Origin is missing on a stream: a cache would give the answer for one origin to another.',
    });
  });

  test('tells of a foreign origin that is let in', async (t) => {
    const [echoed, star] = await Promise.all([
      withFaults(
        t,
        changing(isStream, ({ headers }, origin) => {
          if (origin !== undefined) headers[ORIGIN] = origin;
        }),
      ),
      withFaults(
        t,
        changing(isStream, ({ headers }, origin) => {
          if (origin?.endsWith('.invalid')) headers[ORIGIN] = '*';
        }),
      ),
    ]);
    assert.deepEqual(echoed, {
      ...WELL,
      'cors-stream':
        '✗ Pages of every origin may read a stream: whatever Origin comes is sent back. Send it only where it is in CORS_ORIGINS.',
    });
    assert.deepEqual(star, {
      ...WELL,
      'cors-stream': '✗ Pages of every origin may read a stream (*), though CORS_ORIGINS names only some.',
    });
  });

  test('tells of credentials together with *, and finds * alone right', async (t) => {
    const everyone = (what: string) => `✓ ${what}: pages of every origin may read it, without cookies`;
    const { app } = await proxied(t, {}, { CORS_ORIGINS: '*' });
    const said = await examined(app.url, { settings: { CORS_ORIGINS: '*' } });
    const well = {
      ...WELL,
      cors: everyone('an answer'),
      'cors-stream': everyone('a stream'),
      'cors-404': everyone('a 404'),
      ...unseen(app.url),
    };
    assert.deepEqual(said, well);
    const { proxy } = await proxied(
      t,
      changing(isStream, ({ headers }) => {
        headers[CREDENTIALS] = 'true';
      }),
      { CORS_ORIGINS: '*' },
    );
    const worse = await examined(proxy.url, { settings: { CORS_ORIGINS: '*' } });
    assert.equal(
      worse['cors-stream'],
      '✗ Access-Control-Allow-Credentials comes together with * on a stream: credentials are only for origins that are named.',
    );
    assert.equal(worse.cors, everyone('an answer'));
  });

  test('takes an origin that is sent back for as good as *, without cookies', async (t) => {
    const echo = (credentials: boolean) =>
      changing(isStream, ({ headers }, origin) => {
        if (origin === undefined) return;
        headers[ORIGIN] = origin;
        if (credentials) headers[CREDENTIALS] = 'true';
        else delete headers[CREDENTIALS];
      });
    const said = async (credentials: boolean, own: string | undefined, origin?: string) => {
      const { proxy } = await proxied(t, echo(credentials), { CORS_ORIGINS: own ?? '*' });
      const settings: Record<string, string> = own === undefined ? {} : { CORS_ORIGINS: own };
      return (await examined(proxy.url, { settings, ...(origin && { origin }) }))['cors-stream'];
    };
    const everyone = 'pages of every origin may read it, without cookies';
    const sentBack = (how: string) =>
      `✗ Pages of every origin may read a stream${how}: whatever Origin comes is sent back. Send it only where it is in CORS_ORIGINS.`;
    assert.deepEqual(
      await Promise.all([
        said(false, '*'),
        said(false, '*', ALLOWED),
        said(false, undefined),
        said(true, '*'),
        said(false, 'https://other.example'),
      ]),
      [
        `✓ a stream: ${everyone}`,
        `✓ a stream: pages of ${ALLOWED} may read it, and ${everyone}`,
        '✓ a stream: right for a foreign origin (--origin looks with an allowed one too)',
        sentBack(", with their reader's cookies"),
        '✗ Pages of https://other.example may read a stream only without cookies and keys: Access-Control-Allow-Credentials is missing.',
      ],
    );
  });

  test('blames nobody for headers that CORS_OWNER=proxy leaves to something that is not there', async (t) => {
    const own = { CORS_OWNER: 'proxy', CORS_ORIGINS: ALLOWED };
    const { app, proxy } = await proxied(t, {}, own);
    const left =
      'CORS_OWNER=proxy leaves it to what stands in front of the app, and nothing seems to; if something does, it sends no Access-Control-Allow-Origin.';
    assert.deepEqual(await examined(app.url, { settings: own }), {
      ...WELL,
      reachable:
        '✓ Pinstream answers; but CORS_OWNER=proxy wants something in front of the app, and nothing seems to stand there: look at the address that browsers use',
      ...skippedFor(left, 'cors', 'cors-stream', 'cors-404', 'preflight'),
      ...unseen(app.url),
    });
    // What stands there has forgotten them.
    assert.equal((await examined(proxy.url, { settings: own })).cors, forgotten('an answer'));
  });

  test('tells of * that is not answered to everyone', async (t) => {
    const { proxy } = await proxied(t);
    const said = await examined(proxy.url, { settings: { CORS_ORIGINS: '*' } });
    assert.equal(
      said.cors,
      '✗ Pages of most origins may not read an answer, though CORS_ORIGINS is *: it has no Access-Control-Allow-Origin.',
    );
  });

  test('looks at a foreign origin alone when nobody says which is allowed', async (t) => {
    const { proxy } = await proxied(t);
    const right = (what: string) =>
      `✓ ${what}: right for a foreign origin (--origin looks with an allowed one too)`;
    assert.deepEqual(await examined(proxy.url), {
      ...WELL,
      cors: right('an answer'),
      'cors-stream': right('a stream'),
      'cors-404': right('a 404'),
      'cors-502': right('a 502'),
      ...skippedFor('say which origin is allowed, by --origin or CORS_ORIGINS.', 'preflight'),
    });
    assert.deepEqual(await examined(proxy.url, { origin: ALLOWED }), {
      ...WELL,
    });
  });

  test('tells of a preflight that is refused, or allows too little', async (t) => {
    const preflight = (change: (head: Head) => void): Faults => ({
      head: (head, { method }) => {
        if (method === 'OPTIONS') change(head);
      },
    });
    const answers = await Promise.all([
      withFaults(
        t,
        preflight((head) => {
          head.status = 405;
        }),
      ),
      withFaults(
        t,
        preflight(({ headers }) => {
          headers['access-control-allow-headers'] = 'Content-Type, Cache-Control';
        }),
      ),
      withFaults(
        t,
        preflight(({ headers }) => {
          headers['access-control-allow-methods'] = 'GET, POST';
        }),
      ),
      withFaults(
        t,
        preflight(({ headers }) => {
          delete headers[ORIGIN];
        }),
      ),
    ]);
    const sentences = [
      '✗ OPTIONS /stream is answered 405: pages of other origins can send no key, no JSON and no cursor. Answer it with 204.',
      '✗ OPTIONS /stream does not allow Authorization, Last-Event-ID: add it to Access-Control-Allow-Headers.',
      '✗ OPTIONS /stream does not allow PUT: add it to Access-Control-Allow-Methods.',
      '✗ OPTIONS /stream needs one Access-Control-Allow-Origin, but has none.',
    ];
    assert.deepEqual(
      answers,
      sentences.map((sentence) => ({ ...WELL, preflight: sentence })),
    );
  });
});
