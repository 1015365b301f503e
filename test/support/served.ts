import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from './children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `pinstream serve` in a process of its own, which a test can kill, pause and wake. */
export class Served {
  readonly #child: ChildProcess;
  url = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(settings: Readonly<Record<string, string>>): Promise<Served> {
    const env = { ...process.env, PORT: '0', HOST: '127.0.0.1', PUBLISH_OPEN: '1', ...settings };
    const child = endsWithUs(
      spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'serve'], {
        cwd: ROOT,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    const served = new Served(child);
    await served.#listening();
    return served;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }

  #listening(): Promise<void> {
    let said = '';
    return new Promise((done, failed) => {
      for (const output of [this.#child.stdout, this.#child.stderr]) {
        output?.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          const url = /listens on (http:\/\/[^\s"]+)/.exec(said)?.[1];
          if (url === undefined || this.url !== '') return;
          this.url = url.replace('localhost', '127.0.0.1');
          done();
        });
      }
      this.#child.on('close', () => failed(new Error(`It did not start:\n${said}`)));
    });
  }
}
