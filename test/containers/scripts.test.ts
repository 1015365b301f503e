import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Bundle, LAPTOP, needsEngine, PI, ROOT, type Said } from '../support/bundle.ts';
import { endsWithUs } from '../support/children.ts';
import { eventually } from '../support/ready.ts';
import { post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

const PROJECT = 'pinstream-scripts';
const PARTS = ['nginx', 'app', 'redis', 'sidecar'] as const;
const COPIED = [
  ...['.dockerignore', '.npmrc', 'Dockerfile', 'LICENSE', 'nginx', 'package-lock.json', 'package.json'],
  ...['scripts', 'src', 'tsconfig.json', ...LAPTOP],
];
/** The mock's image has one name for all bundles of a machine, unless told otherwise. */
const OWN = `services: { sidecar: { image: ${PROJECT}-mock } }\n`;
/** What the official image of Redis has for a shell and a tar, wherever this runs: they know less than those of Debian. */
const BUSYBOX = `FROM redis:8-alpine
COPY busybox /busybox/busybox
RUN for name in $(/busybox/busybox --list); do [ $name = busybox ] || ln -s busybox /busybox/$name; done
ENV PATH=/busybox:$PATH\n`;
const REDIS = `${PROJECT}-busybox`;

/** nginx lets nobody publish as fast as this machine could. */
const pause = () => setTimeout(20);

interface Kept {
  readonly cursor: string;
  readonly events: readonly { readonly id: string; readonly data: string }[];
  readonly gap: unknown;
}

describe('the scripts for whoever runs the bundle', () => {
  let folder: string;
  let copy: string;
  let bundle: Bundle;
  let url: string;

  before(async () => {
    needsEngine();
    folder = await mkdtemp(join(tmpdir(), 'pinstream-scripts-'));
    copy = join(folder, 'checkout');
    for (const file of COPIED) await cp(join(ROOT, file), join(copy, file), { recursive: true });
    await writeFile(join(copy, 'own.yml'), OWN);
    const settings = { HTTP_PORT: '0', REDIS_PORT: '0', REDIS_IMAGE: REDIS };
    bundle = new Bundle(PROJECT, [...LAPTOP, 'own.yml'], settings, copy);
    const image = join(folder, 'image');
    await mkdir(image);
    await writeFile(join(image, 'Dockerfile'), BUSYBOX);
    const { stdout: busybox } = await bundle.run('sh', ['-c', 'command -v busybox']);
    await copyFile(busybox.trim(), join(image, 'busybox'));
    await bundle.run('docker', ['build', '-q', '-t', REDIS, image]);
    await bundle.compose('up', '-d', '--build', '--wait');
    await look();
  });
  after(async () => {
    await bundle.remove();
    // By their names, never by id: Redis and nginx have others, which everybody uses.
    const named = ['images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${PROJECT}-*`];
    const images = (await bundle.run('docker', named)).stdout.split('\n').filter((name) => name !== '');
    await bundle.run('docker', ['image', 'rm', ...images]);
    await rm(folder, { recursive: true });
  });

  const script = (name: string, ...args: string[]): Promise<Said> =>
    bundle.run(join(copy, 'scripts', name), args, { fails: true });
  /** As somebody who started the bundle with -f, and now forgets it. */
  const forgetful = (name: string, ...args: string[]): Promise<Said> =>
    new Bundle(PROJECT, PI, { HTTP_PORT: '0', REDIS_PORT: '0', REDIS_IMAGE: REDIS }, copy).run(
      join(copy, 'scripts', name),
      args,
      { fails: true },
    );
  /** nginx has another port after each start. */
  const look = async () => {
    url = `http://${(await bundle.compose('port', 'nginx', '80')).trim()}`;
  };
  const keep = async (channel: string, ...texts: string[]) => {
    for (const data of texts) assert.equal((await post(`${url}/events`, { channel, data })).status, 201);
  };
  const kept = async (channel: string, since = ''): Promise<Kept> =>
    (await request(`${url}/events?channel=${channel}&limit=1000${since && `&since=${since}`}`)).json as Kept;
  const texts = async (channel: string) => (await kept(channel)).events.map(({ data }) => data);
  const ids = async () => Object.fromEntries(await Promise.all(PARTS.map(idsOf)));
  const idsOf = async (part: (typeof PARTS)[number]) => [part, await bundle.containers(part)] as const;
  const number = (cursor: string) => Number(cursor.split('-')[1]);
  const green = async () => {
    const { status, stdout } = await script('smoke');
    assert.equal(status, 0, stdout);
  };
  /**
   * Starts a script, and interrupts it as soon as it has said something: as Ctrl-C does where `| tee` is ended by it, too, or as
   * an ssh connection that breaks. Nobody hears what it says from then on.
   */
  const interrupted = async (by: NodeJS.Signals, words: string, name: string, ...args: string[]) => {
    const child = endsWithUs(
      spawn(join(copy, 'scripts', name), args, { cwd: copy, env: { ...bundle.env }, detached: true }),
    );
    let said = '';
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (part: string) => {
        const before = said;
        said += part;
        if (!said.includes(words) || before.includes(words)) return;
        for (const one of [child.stdout, child.stderr]) one.destroy();
        process.kill(-(child.pid as number), by);
      });
    const [status] = (await once(child, 'close')) as [number];
    return status;
  };

  test('smoke: a bundle that works passes all checks', async () => {
    assert.deepEqual(await script('smoke'), {
      status: 0,
      stdout: [
        ...PARTS.map((part) => `✓ ${part} runs.`),
        '✓ The page is there.',
        '✓ The browser client is there.',
        '✓ The app is ready: it reaches its store.',
        '✓ A stream opens at once, unbuffered and not compressed.',
        '✓ What redis-cli publishes arrives, with its id.',
        '✓ What is published over HTTP arrives, with its id.',
        '✓ A browser that comes back gets what it missed, under the same id.',
        '✓ Pages of other origins are not let in (CORS_ORIGINS).',
        '✓ The pins are read, by mock.',
        '✓ A press of button arrives.',
        `All 14 checks passed: ${url} works.`,
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test('smoke: from another machine it does what can be done by an address alone', async () => {
    const { status, stdout } = await script('smoke', `${url}/`);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^✓ The page is there\.\n/);
    assert.match(stdout, /\nAll 9 checks passed: http:\/\/127\.0\.0\.1:\d+ works\.\n$/);
  });

  const inNginx = (expression: string) => async () => {
    const edit = `sed -i '${expression}; s/There is nothing here/Planted/' /etc/nginx/conf.d/default.conf`;
    await bundle.exec('nginx', 'sh', '-c', `${edit} && nginx -s reload`);
    await eventually('the new configuration is in use', async () =>
      (await request(`${url}/metrics`)).text.includes('Planted'),
    );
  };
  const stopped = (part: (typeof PARTS)[number]) => () => bundle.compose('stop', part);
  const buffering =
    's/proxy_buffering off/proxy_ignore_headers X-Accel-Buffering/; s/proxy_http_version 1.1/proxy_http_version 1.0/';
  for (const [what, plant, ...sentences] of [
    ['nginx is stopped', stopped('nginx'), '✗ nginx does not run (exited)', '✗ nginx has no port'],
    [
      'Redis is stopped',
      stopped('redis'),
      '✗ redis does not run (exited)',
      '✗ The app is not ready: Redis at redis:6379 cannot be reached',
      '✗ The stream is refused: Redis at redis:6379 cannot be reached',
    ],
    [
      'the app is stopped',
      stopped('app'),
      '✗ app does not run (exited)',
      '/ answers 502: The app does not answer just now',
      '✗ The stream is refused: The app does not answer just now',
    ],
    [
      'the sidecar is stopped',
      stopped('sidecar'),
      '✗ sidecar does not run (exited)',
      '✗ No sidecar reads the pins',
    ],
    [
      'nginx buffers streams',
      inNginx(buffering),
      '✗ The stream is not answered within 5 s: if the page is, something in front buffers it',
    ],
    [
      'nginx compresses streams',
      inNginx('s/gzip off;/gzip on; gzip_types text\\/event-stream;/'),
      '✗ The stream is compressed',
    ],
  ] as const) {
    test(`smoke: says so when ${what}`, async (t) => {
      t.after(async () => {
        if (sentences.length === 1) await bundle.compose('restart', 'nginx');
        await bundle.compose('up', '-d', '--wait');
        await look();
      });
      await plant();
      const { status, stdout } = await script('smoke');
      for (const sentence of sentences)
        assert.ok(stdout.includes(sentence), `${sentence}\nis not in\n${stdout}`);
      assert.match(stdout, /\n\d+ of \d+ checks failed\.\n$/);
      assert.equal(status, 1);
    });
  }

  describe('backup and restore', () => {
    let file: string;
    let given: Kept;
    before(async () => {
      file = join(folder, 'backup.tar.gz');
      await keep('kept', 'one', 'two', 'three');
    });

    test('backup: is the state of one moment, while events go on, and for its owner alone', async () => {
      let goesOn = true;
      const publishing = (async () => {
        for (let i = 0; goesOn; i++) await keep('meanwhile', String(i)).then(pause);
      })();
      const { status, stdout } = await script('backup', file);
      goesOn = false;
      await publishing;
      assert.match(stdout, /^✓ .*\/backup\.tar\.gz, \d+ KB, checked\. scripts\/restore puts it back\.\n$/);
      assert.equal(status, 0);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.deepEqual(await script('backup', file), {
        status: 1,
        stdout: '',
        stderr: `backup: ${file} is there already: name another one.\n`,
      });
      assert.deepEqual(
        (await readdir(folder)).filter((name) => name.startsWith('.')),
        [],
      );
    });

    test('restore: refuses what is no backup, or a damaged one, and stops nothing', async () => {
      const whole = await readFile(file);
      const bad = join(folder, 'bad.tar.gz');
      const was = await ids();
      const refused = async (sentence: RegExp) => {
        const { status, stderr } = await script('restore', '--yes', bad);
        assert.match(stderr, sentence);
        assert.equal(status, 1);
      };
      await writeFile(bad, whole.subarray(0, whole.length / 2));
      await refused(
        /^restore: .*bad\.tar\.gz is no whole tar\.gz: it is another file, or was cut off\. Nothing/,
      );
      await bundle.run('tar', ['-czf', bad, '-C', copy, 'package.json']);
      await refused(/^restore: .*bad\.tar\.gz is no backup of scripts\/backup: .* Nothing has changed\.\n$/);
      // Whole to gzip and tar, but not what Redis wrote.
      const open = await mkdtemp(join(folder, 'open-'));
      await bundle.run('tar', ['-xzf', file, '-C', open]);
      const base = join(open, 'appendonlydir/appendonly.aof.1.base.rdb');
      const bytes = await readFile(base);
      bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 40);
      await writeFile(base, bytes);
      await bundle.run('tar', ['-czf', bad, '-C', open, 'appendonlydir']);
      await refused(/^restore: .*bad\.tar\.gz is damaged: .* Nothing has changed\.\n$/);
      assert.deepEqual(await ids(), was);
      assert.deepEqual(await texts('kept'), ['one', 'two', 'three']);
    });

    test('restore: refuses where it would make another bundle of what runs, and stops nothing', async () => {
      const was = await ids();
      const files = [...LAPTOP, 'own.yml'].join(':');
      const sentence = `runs as ${files} has it, but plain docker compose here means docker-compose.yml, which would make another bundle of it. Put this line into .env, and try again: COMPOSE_FILE=${files}. Or, if it shall be another one, first: docker compose up -d. Nothing has changed.\n`;
      const refuses = async (name: string, ...args: string[]) => {
        const { status, stdout, stderr } = await forgetful(name, ...args);
        // Which part is looked at first is Docker's choice.
        assert.equal(stderr.replace(/: (nginx|app|redis|sidecar) /, ': '), `${name}: ${sentence}`);
        assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      };
      await refuses('restore', '--yes', file);
      await refuses('upgrade', '--yes');
      assert.deepEqual(await ids(), was);
    });

    test('restore: stopped in its midst by an ssh connection that breaks, leaves everything as it was', async () => {
      await keep('kept', 'after the backup');
      assert.equal(await interrupted('SIGHUP', '✓ What there was is in', 'restore', '--yes', file), 130);
      assert.deepEqual(await texts('kept'), ['one', 'two', 'three', 'after the backup']);
      await green();
    });

    test('restore: brings back what was, gives no number twice, and tells who listened that he may have missed something', async (t) => {
      // Redis leaps by a million at each of its starts; the restored one would leap to the same place.
      await bundle.compose('restart', 'redis');
      await eventually('the app is ready', async () => (await request(`${url}/readyz`)).status === 200);
      await keep('kept', 'lost');
      given = await kept('kept');
      const { status, stdout, stderr } = await script('restore', '--yes', file);
      assert.equal(status, 0, stdout + stderr);
      assert.deepEqual(await texts('kept'), ['one', 'two', 'three']);

      const stream = await Stream.open(`${url}/stream?channel=kept`, { 'Last-Event-ID': given.cursor });
      t.after(() => stream.close());
      await stream.until('"type":"gap"');
      await keep('kept', 'four');
      await stream.until('data: four');
      const [gap] = /\{"type":"gap".*\}/.exec(stream.text) ?? [];
      const { channel, until, certain } = JSON.parse(gap ?? '{}') as Record<string, unknown>;
      assert.deepEqual({ channel, certain }, { channel: 'kept', certain: false });
      const now = await kept('kept');
      assert.ok(number(String(until)) >= number(given.cursor), `${until} is below ${given.cursor}`);
      assert.ok(number(now.cursor) > number(String(until)), `${now.cursor} is below ${until}`);
      assert.equal(now.cursor.split('-')[0], given.cursor.split('-')[0]);
      await green();
    });

    test('restore: what there was can be put back too, and a restore done twice leaps twice', async () => {
      const before = await kept('kept');
      const [newest = ''] = (await readdir(join(copy, 'backups')))
        .filter((name) => name.endsWith('before-restore.tar.gz'))
        .sort()
        .reverse();
      const { status, stdout, stderr } = await script('restore', '-y', join(copy, 'backups', newest));
      assert.equal(status, 0, stdout + stderr);
      assert.deepEqual(await texts('kept'), ['one', 'two', 'three', 'after the backup', 'lost']);
      await keep('kept', 'five');
      const { events } = await kept('kept');
      assert.ok(number(events.at(-1)?.id ?? '') > number(before.cursor), 'a number was given twice');
    });

    test('backup: of a Redis that is stopped takes its files, and leaves it stopped; restore into one gives no number twice', async () => {
      const given = await kept('kept');
      await bundle.compose('stop', 'redis');
      const cold = join(folder, 'cold.tar.gz');
      const { status, stdout, stderr } = await script('backup', cold);
      assert.equal(status, 0, stdout + stderr);
      assert.deepEqual(await bundle.containers('redis'), []);
      // This backup is from before the leaps of the restores that followed it.
      const put = await script('restore', '--yes', file);
      assert.equal(put.status, 0, put.stdout + put.stderr);
      await keep('kept', 'six');
      const { events } = await kept('kept');
      assert.ok(number(events.at(-1)?.id ?? '') > number(given.cursor), 'a number was given twice');
      const back = await script('restore', '--yes', cold);
      assert.equal(back.status, 0, back.stdout + back.stderr);
      assert.equal((await texts('kept')).at(-1), 'five');
    });

    test('restore: on a new Pi, where the bundle then does not start, leaves nothing behind', async () => {
      const other = new Bundle(
        `${PROJECT}-new`,
        [...LAPTOP, 'own.yml'],
        { REDIS_PORT: '0', REDIS_IMAGE: REDIS, HTTP_PORT: new URL(url).port },
        copy,
      );
      await bundle.run('docker', ['tag', `${PROJECT}-app`, `${PROJECT}-new-app`]);
      const { status, stderr } = await other.run(join(copy, 'scripts/restore'), ['--yes', file], {
        fails: true,
      });
      assert.match(
        stderr,
        /\nrestore: the bundle does not start with this backup\. Everything is as it was before\.\n$/,
      );
      assert.equal(status, 1);
      const label = `label=com.docker.compose.project=${PROJECT}-new`;
      for (const what of [
        ['ps', '-a'],
        ['volume', 'ls'],
      ])
        assert.equal((await other.run('docker', [...what, '-q', '--filter', label])).stdout, '');
      await other.remove();
    });

    test('backup: into a folder that is none, or of a project that is not there, is refused', async () => {
      const nowhere = await script('backup', '/nowhere/at.tar.gz');
      assert.deepEqual(nowhere, { status: 1, stdout: '', stderr: 'backup: there is no folder /nowhere.\n' });
      const other = new Bundle(`${PROJECT}-other`, [...LAPTOP, 'own.yml'], {}, copy);
      const { status, stderr } = await other.run(join(copy, 'scripts/backup'), [], { fails: true });
      assert.equal(
        stderr,
        `backup: there is nothing to back up: the project ${PROJECT}-other has no Redis and no volume of one.\n`,
      );
      assert.equal(status, 1);
    });
  });

  describe('upgrade', () => {
    const change = async (file: string, from: string | RegExp, to: string) => {
      const path = join(copy, file);
      const text = await readFile(path, 'utf8');
      assert.notEqual(text.replace(from, to), text, `${file} has no ${from}`);
      await writeFile(path, text.replace(from, to));
      return () => writeFile(path, text);
    };

    test('to a new version: it is served, and events that are published all the while are kept, each once', async () => {
      await bundle.compose('up', '-d', '--wait', '--scale', 'app=2');
      await look();
      await change('src/browser/page/index.html', '</title>', ' of the upgrade</title>');
      const sent: string[] = [];
      let goesOn = true;
      const publishing = (async () => {
        for (let i = 0; goesOn; i++) {
          const item = { channel: 'through', data: String(i), key: `through-${i}` };
          await eventually(`event ${i} is taken`, async () => {
            const answer = await post(`${url}/events`, item).catch(() => undefined);
            if (answer === undefined) await look().catch(() => {});
            return answer?.status === 201;
          });
          sent.push(String(i));
          await pause();
        }
      })();
      const { status, stdout, stderr } = await script('upgrade', '--yes');
      goesOn = false;
      await publishing;
      assert.equal(status, 0, stdout + stderr);
      await look();
      assert.match((await request(url)).text, / of the upgrade<\/title>/);
      assert.deepEqual(await texts('through'), sent.slice(-1000));
      assert.equal((await bundle.containers('app')).length, 2);
      await green();
    });

    test('where a pin failed before already: that is said, and is no reason to go back', async (t) => {
      const failing = OWN.replace(' }', ', environment: { GPIO_DRIVER: onoff } }');
      const restore = await change('own.yml', OWN, failing);
      t.after(async () => {
        await restore();
        await bundle.compose('up', '-d', '--wait', '--no-recreate', '--scale', 'app=2');
        await bundle.compose('up', '-d', '--wait', '--no-deps', 'sidecar');
        await look();
      });
      await bundle.compose('up', '-d', '--wait', '--no-deps', 'sidecar');
      const { status, stdout, stderr } = await script('upgrade', '--yes');
      assert.equal(status, 0, stdout + stderr);
      const faults =
        /Not all works as it is, which the upgrade may mend or leave as it is:\n(✗ A pin does not work: button .*\n)/;
      const [, fault = 'none'] = faults.exec(stdout) ?? [];
      assert.ok(stdout.endsWith(`until the next upgrade.\n`) && stdout.split(fault).length === 3, stdout);
    });

    test('to a version whose app ends at its start: what was before goes on', async (t) => {
      const was = await bundle.containers('app');
      t.after(
        await change(
          'src/app/main.ts',
          /(startApp\([^{]*\{[^}]*\}: MainOptions\): Promise<RunningApp> \{\n)/,
          "$1  if (config.port > 0) throw new Error('It does not start, on purpose.');\n",
        ),
      );
      await keep('kept', 'before the broken one');
      const { status, stdout, stderr } = await script('upgrade', '--yes');
      assert.match(stdout, /✗ app does not start\.\n✗ The new version does not start\.\n/);
      assert.match(stderr, /(^|\n)upgrade: not upgraded\. What was before runs, and works\.\n$/);
      assert.equal(status, 1);
      await look();
      assert.deepEqual((await bundle.containers('app')).sort(), was.sort());
      assert.equal((await texts('kept')).at(-1), 'before the broken one');
      await green();
    });

    test('stopped by Ctrl-C while an app is replaced: what was before goes on', async () => {
      const was = await bundle.containers('app');
      assert.equal(await interrupted('SIGINT', '… app', 'upgrade', '--yes'), 130);
      await look();
      assert.deepEqual((await bundle.containers('app')).sort(), was.sort());
      await green();
    });

    test('to a version whose nginx would not start: nothing is restarted, and nothing goes down', async (t) => {
      // What somebody looks at with `docker compose run` is not the bundle's.
      const aside = await bundle.compose('run', '-d', '--no-deps', 'app', 'sleep', '1000');
      t.after(() => bundle.run('docker', ['rm', '-f', aside.trim()]));
      const was = await ids();
      t.after(
        await change('nginx/templates/default.conf.template', 'proxy_buffering off', 'proxy_bufering off'),
      );
      const { status, stdout, stderr } = await script('upgrade', '--yes');
      assert.match(
        stdout,
        /\[emerg\] .*unknown directive "proxy_bufering" .*\n✗ nginx would not start with its new files\.\n/,
      );
      assert.match(stderr, /(^|\n)upgrade: not upgraded\. What was before runs, and works\.\n$/);
      assert.equal(status, 1);
      assert.deepEqual(await ids(), was);
    });

    test('to a version that cannot be built: nothing is restarted', async (t) => {
      const was = await ids();
      t.after(
        await change('src/app/main.ts', 'export async function startApp', 'export async funktion startApp'),
      );
      const { status, stdout, stderr } = await script('upgrade', '--yes');
      assert.match(stdout, /\n✗ The images could not be built\./);
      assert.match(stderr, /(^|\n)upgrade: not upgraded\. What was before runs, and works\.\n$/);
      assert.equal(status, 1);
      assert.deepEqual(await ids(), was);
    });

    test('with --pull, to a version that Compose cannot read: the files are those of before too', async () => {
      const git = async (where: string, ...args: string[]) =>
        (
          await bundle.run('git', [
            ...['-C', where, '-c', 'user.name=Test', '-c', 'user.email=test@example.com'],
            ...args,
          ])
        ).stdout.trim();
      const upstream = join(folder, 'upstream.git');
      await writeFile(join(copy, '.gitignore'), 'backups/\n');
      await git(copy, 'init', '-q', '-b', 'main');
      await git(copy, 'add', '-A');
      await git(copy, 'commit', '-q', '-m', 'Before');
      await git(copy, 'clone', '-q', '--bare', copy, upstream);
      await git(copy, 'remote', 'add', 'origin', upstream);
      await git(copy, 'fetch', '-q', 'origin');
      await git(copy, 'branch', '-q', '-u', 'origin/main');
      const other = join(folder, 'other');
      await git(folder, 'clone', '-q', upstream, other);
      await writeFile(join(other, 'docker-compose.yml'), 'services: none\n');
      await git(other, 'commit', '-q', '-a', '-m', 'Broken');
      await git(other, 'push', '-q');
      const before = await git(copy, 'rev-parse', 'HEAD');
      const was = await ids();

      await change('own.yml', OWN, `${OWN}\n`);
      assert.match(
        (await script('upgrade', '--yes', '--pull')).stderr,
        /the checkout has changes of your own/,
      );
      await git(copy, 'checkout', '-q', 'own.yml');

      const { status, stdout, stderr } = await script('upgrade', '--yes', '--pull');
      assert.match(stdout, /\n✗ Compose cannot read the new files\./);
      assert.match(stderr, /(^|\n)upgrade: not upgraded\. What was before runs, and works\.\n$/);
      assert.equal(status, 1);
      assert.equal(await git(copy, 'rev-parse', 'HEAD'), before);
      assert.deepEqual(await ids(), was);
    });
  });
});
