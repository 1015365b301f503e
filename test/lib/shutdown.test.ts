import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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
