import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type PeerCertificate } from 'node:tls';
import type { BrowserContext, Page } from 'playwright-core';
import { Bundle, LAPTOP, needsEngine } from '../support/bundle.ts';
import { useChromium } from '../support/chromium.ts';
import { freePort } from '../support/freePort.ts';
import { eventually } from '../support/ready.ts';
import { ask } from '../support/wire.ts';

const WITH_TLS = [...LAPTOP, 'docker-compose.tls.yml'];
const PROJECT = 'pinstream-test-tls';
const ALLOWED = 'https://allowed.example';
const settings = {
  HTTP_PORT: String(await freePort()),
  HTTPS_PORT: String(await freePort()),
  TLS_ADDRESS: '127.0.0.1',
  CORS_ORIGINS: ALLOWED,
};
const plain = `http://127.0.0.1:${settings.HTTP_PORT}`;
const secure = `https://127.0.0.1:${settings.HTTPS_PORT}`;
/** A whole bundle is started and changed, on a machine that may do other things too. */
const LONG = { timeout: 300_000 };

const bundle = new Bundle(PROJECT, WITH_TLS, settings);
const { browser, closing } = useChromium();
before(async () => {
  needsEngine();
  // A run that was broken off may have left its certificate.
  await bundle.remove();
  await bundle.compose('up', '-d', '--build', '--wait');
}, LONG);
after(() => bundle.remove(), LONG);

/** What a browser is shown. */
async function certificate(options: ConnectionOptions = {}): Promise<PeerCertificate> {
  const port = Number(settings.HTTPS_PORT);
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate();
  } finally {
    socket.destroy();
  }
}

async function newContext(): Promise<BrowserContext> {
  const context = await browser().newContext({ ignoreHTTPSErrors: true });
  closing.push(() => context.close());
  return context;
}

/** Waits until this is so in a page, whose policy allows none of Playwright's own ways to wait. */
function sees(page: Page, expression: string): Promise<void> {
  return eventually(expression, async () => (await page.evaluate(expression)) === true);
}

/** Presses the mock's button, past any browser. */
async function pressButton(): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const sent = request(`${secure}/pins/button`, { method: 'POST', headers, rejectUnauthorized: false });
  sent.end('{"press":50}');
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  assert.equal(answer.resume().statusCode, 200);
}

/** Opens the page, again where its loading was cut: Chromium ends what is under way when a container comes or goes. */
async function openDashboard(page: Page): Promise<void> {
  const online = page.getByText('online, mock', { exact: true });
  await eventually('the page shows the mock', async () => {
    await page.goto(secure).catch(() => undefined);
    return online.waitFor({ timeout: 3_000 }).then(
      () => true,
      () => false,
    );
  });
}

/** Opens native streams in a page, and returns once `open` of them are. In `heard`: how late each heard each press, in ms. */
async function openStreams(page: Page, many: number, open = many): Promise<void> {
  await page.evaluate((many) => {
    const heard: number[][] = Array.from({ length: many }, () => []);
    const sources = heard.map((list) => {
      const source = new EventSource('/stream?channel=button');
      source.addEventListener('press', ({ data }) => list.push(Date.now() - Date.parse(JSON.parse(data).at)));
      return source;
    });
    Object.assign(window, { heard, sources });
  }, many);
  await sees(page, `sources.filter((source) => source.readyState === EventSource.OPEN).length === ${open}`);
}

describe('with docker-compose.tls.yml', LONG, () => {
  test('what makes the certificate has no rights and no network, and has ended', async () => {
    const id = (await bundle.compose('ps', '-a', '-q', 'certificates')).trim();
    const [seen] = JSON.parse((await bundle.run('docker', ['inspect', id])).stdout);
    assert.deepEqual(
      {
        state: seen.State.Status,
        exit: seen.State.ExitCode,
        user: seen.Config.User,
        readOnly: seen.HostConfig.ReadonlyRootfs,
        capabilities: seen.HostConfig.CapDrop,
        privileges: seen.HostConfig.SecurityOpt,
        network: seen.HostConfig.NetworkMode,
      },
      {
        state: 'exited',
        exit: 0,
        user: '101:101',
        readOnly: true,
        capabilities: ['ALL'],
        privileges: ['no-new-privileges:true'],
        network: 'none',
      },
    );
    const [nginx] = await bundle.inspect('nginx');
    assert.deepEqual(nginx?.HostConfig.PortBindings, {
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: settings.HTTP_PORT }],
      '443/tcp': [{ HostIp: '127.0.0.1', HostPort: settings.HTTPS_PORT }],
    });
  });

  test('the certificate is for the usual names, and for no longer than browsers take', async () => {
    const { subjectaltname, valid_from, valid_to, fingerprint256 } = await certificate();
    assert.equal(
      subjectaltname,
      'DNS:localhost, DNS:raspberrypi, DNS:raspberrypi.local, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    const days = (Date.parse(valid_to) - Date.parse(valid_from)) / 86_400_000;
    assert.ok(days > 800 && days <= 825, `${days} days`);
    const log = await bundle.compose('logs', '--no-log-prefix', 'certificates');
    assert.match(log, /Made a self-signed certificate\.$/m);
    assert.match(log, /It is for DNS:localhost,\S+, until .+ GMT\./);
    assert.ok(log.includes(fingerprint256), 'the log says what to compare');
  });

  test('a cipher without forward secrecy or authentication of each record is refused', async () => {
    const TLS12 = { maxVersion: 'TLSv1.2' } as const;
    await assert.rejects(
      certificate({ ...TLS12, ciphers: 'ECDHE-ECDSA-AES256-SHA384' }),
      /handshake failure/,
    );
    await certificate({ ...TLS12, ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' });
    await certificate({ minVersion: 'TLSv1.3' });
  });

  test('port 80 sends everything to https, keeps the method, and lets health be asked', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/stream?channel=a&last_event_id=b-1'],
      ['POST', '/events'],
    ] as const) {
      const answer = await ask(plain + path, { method, headers: { Origin: ALLOWED } });
      assert.equal(answer.status, 308);
      assert.deepEqual(answer.header('location'), [secure + path]);
      assert.deepEqual(answer.header('cache-control'), ['no-store']);
      assert.deepEqual(answer.header('access-control-allow-origin'), [ALLOWED]);
    }
    for (const path of ['/healthz', '/readyz']) assert.equal((await ask(plain + path)).status, 200);
    // A preflight that is redirected has failed.
    assert.equal((await ask(`${plain}/events`, { method: 'OPTIONS' })).status, 204);
    const mistaken = await ask(`${secure.replace('https', 'http')}/events?a=b`);
    assert.equal(mistaken.status, 307);
    assert.deepEqual(mistaken.header('location'), [`${secure}/events?a=b`]);
  });

  test('curl gets HTTP/2 where it can, HTTP/1.1 else', () => {
    const version = (flag: string) =>
      spawnSync(
        'curl',
        ['-sk', flag, '-o', '/dev/null', '-w', '%{http_version} %{http_code}', `${secure}/`],
        {
          encoding: 'utf8',
        },
      ).stdout;
    assert.equal(version('--http2'), '2 200');
    assert.equal(version('--http1.1'), '1.1 200');
  });

  test('G9 ten tabs and ten more streams: a press is in all of them at once, by HTTP/2', async () => {
    const context = await newContext();
    const pages: Page[] = [];
    const protocols = new Set<string>();
    for (let tab = 0; tab < 10; tab++) {
      const page = await context.newPage();
      const devtools = await context.newCDPSession(page);
      devtools.on('Network.responseReceived', ({ response: { url, protocol } }) => {
        if (url.startsWith(secure)) protocols.add(String(protocol));
      });
      await devtools.send('Network.enable');
      await openDashboard(page);
      await openStreams(page, tab === 0 ? 11 : 1);
      pages.push(page);
    }
    const [first = assert.fail()] = pages;
    let took = Number.POSITIVE_INFINITY;
    // Once more if the network of this machine has changed meanwhile: then each stream comes back first.
    for (let press = 1; press <= 3 && took >= 1_000; press++) {
      await pressButton();
      for (const page of pages) {
        await sees(page, `heard.every((list) => list.length === ${press})`);
        await page
          .locator('.event', { hasText: `Button press #${press} @ ` })
          .first()
          .waitFor();
      }
      const late = await Promise.all(pages.map((page) => page.evaluate('heard.map((list) => list.at(-1))')));
      took = Math.max(...(late as number[][]).flat());
    }
    assert.ok(took < 1_000, `the last stream heard it after ${took} ms`);
    assert.deepEqual([...protocols], ['h2']);
    // Over HTTP/2, Host comes another way, and the app has to know its own origin over TLS.
    await eventually('the page presses the button itself', async () => {
      const answer = first.waitForResponse('**/pins/button', { timeout: 3_000 }).catch(() => undefined);
      await first.getByRole('button', { name: 'Press button' }).click();
      return (await answer)?.status() === 200;
    });
  });

  test('G18 the 129th stream of one browser opens as well', { timeout: 30_000 }, async (t) => {
    const session = connectHttp2(secure, { rejectUnauthorized: false });
    t.after(() => session.destroy());
    const streams = Array.from({ length: 150 }, () => session.request({ ':path': '/stream?channel=a' }));
    await Promise.all(streams.map((stream) => once(stream, 'data')));
  });

  test('a second `up` keeps the certificate; another name makes another one, which nginx shows', async () => {
    const { fingerprint256 } = await certificate();
    await bundle.compose('up', '-d', '--wait');
    assert.equal((await certificate()).fingerprint256, fingerprint256);
    const renamed = new Bundle(PROJECT, WITH_TLS, { ...settings, TLS_NAMES: ' my-pi.local , 10.0.0.7' });
    await renamed.compose('up', '-d', '--wait');
    assert.equal((await certificate()).subjectaltname, 'DNS:my-pi.local, IP Address:10.0.0.7');
  });

  test('a self-signed certificate is made anew half a year before its end, and after a start that was cut off', async () => {
    const inside = (script: string) =>
      bundle.compose('run', '--rm', '--no-deps', '-T', '--entrypoint', 'sh', 'certificates', '-c', script);
    const fingerprint = 'openssl x509 -in /certificates/fullchain.pem -noout -fingerprint -sha256';
    const soon = (days: number) =>
      `openssl req -x509 -key /certificates/privkey.pem -subj /CN=soon -days ${days} -out /certificates/fullchain.pem && ${fingerprint}`;
    await inside('sh /certificates.sh');
    const kept = await inside(soon(181));
    assert.doesNotMatch(await inside('sh /certificates.sh'), /Made/);
    assert.equal(await inside(fingerprint), kept);
    await inside(soon(179));
    assert.match(await inside('sh /certificates.sh'), /^Made a self-signed certificate\.$/m);
    await inside(
      'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out /certificates/privkey.pem',
    );
    assert.match(await inside('sh /certificates.sh'), /^Made a self-signed certificate\.$/m);
  });

  for (const names of ['a b', ', ,', '300.1.1.1', 'pi"; rm -rf /', 'fe80::1::2']) {
    test(`TLS_NAMES=${JSON.stringify(names)} ends in a sentence`, async () => {
      const wrong = new Bundle(PROJECT, WITH_TLS, { ...settings, TLS_NAMES: names });
      const { status, stderr } = await wrong.run(
        'docker',
        ['compose', 'run', '--rm', '--no-deps', '-T', 'certificates'],
        { fails: true },
      );
      assert.equal(status, 1);
      assert.match(stderr, /TLS_NAMES.*must be .*names and addresses like raspberrypi\.local,192\.168\.1\.5/);
      assert.ok(stderr.includes(`"${names}"`), stderr);
    });
  }
});

/** A folder with a certificate of somebody's own, for `name`. */
function ownFolder(t: TestContext, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinstream-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  makeOwn(folder, name);
  return folder;
}

/** Puts the files there as certbot does: each at once, in the place of the old one. */
function makeOwn(folder: string, name: string, ...more: readonly string[]): void {
  const [key, chain] = [join(folder, 'privkey.pem'), join(folder, 'fullchain.pem')];
  openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${key}.new`, '-out', `${chain}.new`],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '90', ...more],
  );
  chmodSync(`${key}.new`, 0o644);
  renameSync(`${key}.new`, key);
  renameSync(`${chain}.new`, chain);
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

describe('with certificates of one’s own', LONG, () => {
  test('its name, if it has a dot, has to stand in ALLOWED_HOSTS, or everything is answered 421', async (t) => {
    const folder = ownFolder(t, 'first.example');
    const withoutName = { ...settings, TLS_CERTIFICATES: folder };
    const withName = { ...withoutName, ALLOWED_HOSTS: 'first.example' };
    for (const [given, status] of [
      [withoutName, 421],
      [withName, 200],
    ] as const) {
      await new Bundle(PROJECT, WITH_TLS, given).compose('up', '-d', '--wait');
      const sent = request(`${secure}/`, { headers: { Host: 'first.example' }, rejectUnauthorized: false });
      sent.end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      assert.equal(answer.resume().statusCode, status);
    }
  });

  test('they are used, and renewed ones after a reload or a restart, without an open stream being cut by the reload', async (t) => {
    const folder = ownFolder(t, 'first.example');
    const own = new Bundle(PROJECT, WITH_TLS, { ...settings, TLS_CERTIFICATES: folder });
    await own.compose('up', '-d', '--wait');
    assert.equal((await certificate()).subject.CN, 'first.example');

    const session = connectHttp2(secure, { rejectUnauthorized: false });
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/stream?channel=a' });
    let heard = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
    });
    await once(stream, 'data');

    makeOwn(folder, 'second.example');
    await own.exec('nginx', 'nginx', '-s', 'reload');
    await eventually('the renewed one is shown', async () => {
      return (await certificate()).subject.CN === 'second.example';
    });
    await own.exec('redis', 'redis-cli', 'publish', 'a', 'still here');
    await eventually('the open stream goes on', async () => heard.includes('data: still here\n'));

    makeOwn(folder, 'third.example');
    await own.compose('restart', 'nginx');
    await eventually('the one renewed since is shown', async () => {
      return (await certificate().catch(() => undefined))?.subject.CN === 'third.example';
    });
  });

  /** What is wrong, and the sentence, in which FOLDER is the folder. */
  const faults: [what: string, plant: (folder: string) => void, sentence: RegExp][] = [
    [
      'the key is missing',
      (folder) => rmSync(join(folder, 'privkey.pem')),
      /^There is no privkey\.pem in FOLDER\. Pinstream needs fullchain\.pem, the certificate, and privkey\.pem, its key; without TLS_CERTIFICATES it makes a self-signed one\.$/,
    ],
    [
      "certbot's link into another folder",
      (folder) => {
        rmSync(join(folder, 'fullchain.pem'));
        symlinkSync('../../archive/a.example/fullchain1.pem', join(folder, 'fullchain.pem'));
      },
      /^FOLDER\/fullchain\.pem is a link that leads out of the folder, where nginx cannot follow\. Copy the files themselves \(cp -L\), and again after each renewal\.$/,
    ],
    [
      'a key that nginx may not read',
      (folder) => chmodSync(join(folder, 'privkey.pem'), 0o600),
      /^FOLDER\/privkey\.pem cannot be read by user 101, who is nginx: sudo chown -R 101 FOLDER$/,
    ],
    [
      'a folder that nginx may not open',
      (folder) => chmodSync(folder, 0o700),
      /^The folder FOLDER cannot be read by user 101, who is nginx: sudo chown -R 101 FOLDER$/,
    ],
    [
      'no certificate in the file',
      (folder) => writeFileSync(join(folder, 'fullchain.pem'), 'not a certificate'),
      /^FOLDER\/fullchain\.pem is not a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----\.$/,
    ],
    [
      'no key in the file',
      (folder) => writeFileSync(join(folder, 'privkey.pem'), 'not a key'),
      /^FOLDER\/privkey\.pem is not a key in PEM, which begins with -----BEGIN PRIVATE KEY-----\.$/,
    ],
    [
      'a key with a password',
      (folder) => {
        const key = join(folder, 'privkey.pem');
        openssl('pkey', '-in', key, '-out', `${key}.new`, '-aes256', '-passout', 'pass:secret');
        renameSync(`${key}.new`, key);
      },
      /^FOLDER\/privkey\.pem is encrypted, and nobody is there to type its password\. Take that off: openssl pkey -in privkey\.pem -out new\.pem$/,
    ],
    [
      'the key of another certificate',
      (folder) => openssl('genrsa', '-out', join(folder, 'privkey.pem'), '2048'),
      /^The key in FOLDER\/privkey\.pem does not belong to the certificate in FOLDER\/fullchain\.pem\. The first certificate there must be the server's own, not that of who signed it\.$/,
    ],
    [
      'a certificate that has ended',
      (folder) => {
        const [key, chain] = [join(folder, 'privkey.pem'), join(folder, 'fullchain.pem')];
        openssl('x509', '-in', chain, '-signkey', key, '-days', '-1', '-out', `${chain}.new`);
        renameSync(`${chain}.new`, chain);
      },
      /^The certificate in FOLDER\/fullchain\.pem has ended on .+ GMT\. Renew it, or set this machine's clock if it is wrong\.$/,
    ],
  ];
  for (const [what, plant, sentence] of faults) {
    test(`${what}: one sentence says so`, async (t) => {
      const folder = ownFolder(t, 'a.example');
      plant(folder);
      if (!what.includes('may not')) spawnSync('chmod', ['-R', 'a+rX', folder]);
      const wrong = new Bundle(PROJECT, WITH_TLS, { ...settings, TLS_CERTIFICATES: folder });
      const { status, stderr } = await wrong.run(
        'docker',
        ['compose', 'run', '--rm', '--no-deps', '-T', 'certificates'],
        { fails: true },
      );
      assert.equal(status, 1);
      const said = stderr.split('\n').filter((line) => line.includes(folder));
      assert.equal(said.length, 1, stderr);
      assert.match(String(said[0]).replaceAll(folder, 'FOLDER'), sentence);
    });
  }

  test('one that ends soon is used, and its end is said', async (t) => {
    const folder = ownFolder(t, 'a.example');
    makeOwn(folder, 'soon.example', '-days', '10');
    const soon = new Bundle(PROJECT, WITH_TLS, { ...settings, TLS_CERTIFICATES: folder });
    const said = await soon.compose('run', '--rm', '--no-deps', '-T', 'certificates');
    assert.match(said, /^The certificate in .*\/fullchain\.pem ends on .+ GMT\. Renew it in time\.\n$/);
  });

  test('`up` fails with one that is wrong, and the log has the sentence', async (t) => {
    const folder = ownFolder(t, 'a.example');
    rmSync(join(folder, 'privkey.pem'));
    const wrong = new Bundle(PROJECT, WITH_TLS, { ...settings, TLS_CERTIFICATES: folder });
    const { status, stderr } = await wrong.run('docker', ['compose', 'up', '-d', '--wait'], { fails: true });
    assert.notEqual(status, 0);
    assert.match(stderr, /certificates.* didn't complete successfully: exit 1/);
    const log = await wrong.compose('logs', '--no-log-prefix', 'certificates');
    assert.match(log, /There is no privkey\.pem in /);
  });
});

test('G9 without it, the seventh stream of a browser waits until another one ends', LONG, async () => {
  await new Bundle(PROJECT, LAPTOP, settings).compose('up', '-d', '--wait', 'nginx');
  const page = await (await newContext()).newPage();
  await page.goto(`${plain}/healthz`);
  await openStreams(page, 7, 6);
  const answer = await ask(`${plain}/pins/button`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"press":50}',
  });
  assert.equal(answer.status, 200, answer.body);
  await sees(page, 'heard.filter((list) => list.length === 1).length === 6');
  assert.deepEqual(
    (await page.evaluate('sources.map((source) => source.readyState).sort()')) as number[],
    [0, 1, 1, 1, 1, 1, 1],
  );
  await page.evaluate('sources.find((source) => source.readyState === EventSource.OPEN).close()');
  await sees(page, 'sources.filter((source) => source.readyState === EventSource.OPEN).length === 6');
});
