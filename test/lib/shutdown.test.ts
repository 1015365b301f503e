import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from '../support/children.ts';

const SHUTDOWN = new URL('../../src/lib/shutdown.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A process of which this is the start, and what it says; it ends with its test, however that goes. */
class Program {
  said = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;

  constructor(t: TestContext, start: string) {
    const code = `
      import { setTimeout as sleep } from 'node:timers/promises';
      import { runUntilSignal } from '${SHUTDOWN}';
      const say = (text) => process.stdout.write(text + '\\n');
      const log = { debug() {}, info: (_, text) => say(text), warn() {}, error: (_, text) => say(text) };
      setInterval(() => {}, 1_000); // as a server that listens
      runUntilSignal(async () => { ${start} }, log, 300).catch((error) => {
        say('not started: ' + error.message);
        process.exit(3);
      });`;
    this.#child = endsWithUs(
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    this.#closed = once(this.#child, 'close');
    t.after(() => this.#child.kill('SIGKILL'));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
  }

  async until(text: string): Promise<void> {
    while (!this.said.includes(text)) {
      assert.equal(this.#child.exitCode, null, `it ended without "${text}":\n${this.said}`);
      await Promise.race([once(this.#child.stdout as NodeJS.ReadableStream, 'data'), this.#closed]);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Lets go of its output. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  async ended(): Promise<{ code: number | null; said: string }> {
    await this.#closed;
    return { code: this.#child.exitCode, said: this.said };
  }
}

describe('a process that runs until a signal', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`stops what it has started on ${signal}, and ends with 0`, async (t) => {
      const program = new Program(
        t,
        `say('started'); return async () => { await sleep(50); say('stopped'); };`,
      );
      await program.until('started');
      program.signal(signal);
      assert.deepEqual(await program.ended(), {
        code: 0,
        said: `started\n${signal}: stopping.\nstopped\n`,
      });
    });
  }

  test('hears a signal that comes during the start, and stops what that has started', async (t) => {
    const program = new Program(
      t,
      `
      say('starting');
      await new Promise((done) => process.once('SIGTERM', done));
      await sleep(50);
      say('started');
      return async () => say('stopped');`,
    );
    await program.until('starting');
    program.signal('SIGTERM');
    assert.deepEqual(await program.ended(), {
      code: 0,
      said: 'starting\nSIGTERM: stopping.\nstarted\nstopped\n',
    });
  });

  test('ends with 1 when the end takes too long, or the start does', async (t) => {
    const forEver = 'new Promise(() => {})';
    for (const start of [`say('up'); return () => ${forEver};`, `say('up'); return ${forEver};`]) {
      const program = new Program(t, start);
      await program.until('up');
      program.signal('SIGTERM');
      assert.deepEqual(await program.ended(), {
        code: 1,
        said: 'up\nSIGTERM: stopping.\nNot everything ended within 0.3 s; stopping all the same.\n',
      });
    }
  });

  test('ends at once with 1 on a second signal', async (t) => {
    const program = new Program(t, `say('up'); return async () => { say('ending'); await sleep(60_000); };`);
    await program.until('up');
    program.signal('SIGTERM');
    await program.until('ending');
    program.signal('SIGINT');
    assert.deepEqual(await program.ended(), { code: 1, said: 'up\nSIGTERM: stopping.\nending\n' });
  });

  test('does not take one Ctrl-C for two, which npm hands on though the terminal has sent it already', async (t) => {
    const program = new Program(
      t,
      `say('up'); return async () => { process.kill(process.pid, 'SIGINT'); await sleep(50); say('stopped'); };`,
    );
    await program.until('up');
    program.signal('SIGINT');
    assert.deepEqual(await program.ended(), { code: 0, said: 'up\nSIGINT: stopping.\nstopped\n' });
  });

  test('goes on after SIGHUP when no terminal is attached, as under nohup, and says so', async (t) => {
    const program = new Program(t, `say('up'); return async () => say('stopped');`);
    await program.until('up');
    program.signal('SIGHUP');
    const goesOn = 'SIGHUP: no terminal is attached, so it goes on. SIGTERM ends it.\n';
    await program.until(goesOn);
    program.signal('SIGTERM');
    assert.deepEqual(await program.ended(), {
      code: 0,
      said: `up\n${goesOn}SIGTERM: stopping.\nstopped\n`,
    });
  });

  test('does not take SIGHUP for the second signal: systemd may send it beside SIGTERM', async (t) => {
    const program = new Program(
      t,
      `say('up'); return async () => { say('ending'); await new Promise((done) => process.once('SIGHUP', done)); say('stopped'); };`,
    );
    await program.until('up');
    program.signal('SIGTERM');
    await program.until('ending');
    program.signal('SIGHUP');
    assert.deepEqual(await program.ended(), { code: 0, said: 'up\nSIGTERM: stopping.\nending\nstopped\n' });
  });

  test('ends cleanly, with 141, when nobody reads its output any more', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-shutdown-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'stopped');
    const program = new Program(
      t,
      `
      const { writeFile } = await import('node:fs/promises');
      process.on('SIGUSR2', () => say('more'));
      say('up');
      return async () => { say('and more'); await writeFile('${file}', 'stopped'); };`,
    );
    await program.until('up');
    program.stopReading();
    program.signal('SIGUSR2');
    assert.equal((await program.ended()).code, 141);
    assert.equal(await readFile(file, 'utf8'), 'stopped');
  });

  test('ends with the code that something has set which went wrong meanwhile', async (t) => {
    const program = new Program(t, `say('up'); return async () => { process.exitCode = 1; };`);
    await program.until('up');
    program.signal('SIGTERM');
    assert.equal((await program.ended()).code, 1);
  });

  test('says what went wrong at its end, or at its start', async (t) => {
    const program = new Program(t, `say('up'); return async () => { throw new Error('no'); };`);
    await program.until('up');
    program.signal('SIGTERM');
    assert.deepEqual(await program.ended(), { code: 1, said: 'up\nSIGTERM: stopping.\nThe end failed.\n' });
    assert.deepEqual(await new Program(t, `throw new Error('in use');`).ended(), {
      code: 3,
      said: 'not started: in use\n',
    });
  });
});
