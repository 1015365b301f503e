import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Bundle, Part } from './bundle.ts';
import { endsWithUs } from './children.ts';

const MARK = '-- done';

/**
 * A shell somewhere else that stays open: what it is told is done within milliseconds, where each `docker exec` takes a tenth of
 * a second and more.
 */
export class Shell {
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(command: string, args: readonly string[], { env }: Bundle) {
    this.#child = endsWithUs(spawn(command, [...args], { env: { ...env }, stdio: 'pipe' }));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#child.stdin?.on('error', () => {}); // it ended: `run` says so
  }

  /** Inside a part of the bundle. */
  static async inside(bundle: Bundle, part: Part): Promise<Shell> {
    const shell = new Shell('docker', ['compose', 'exec', '-T', part, 'sh'], bundle);
    await shell.run('true');
    return shell;
  }

  /**
   * Among the engine's own processes, wherever it runs. Only from there can the first process of a container be killed as a crash
   * would end it: inside it ignores signals, and after `docker kill` no restart policy counts.
   */
  static async ofEngine(bundle: Bundle): Promise<Shell> {
    const [redis] = await bundle.inspect('redis');
    if (!redis) throw new Error('The bundle has to run: the shell uses its image of Redis.');
    const rights = ['--privileged', '--pid', 'host', '--user', '0:0', '--network', 'none'];
    const what = ['run', '--rm', '-i', ...rights, '--entrypoint', 'sh', redis.Image];
    const shell = new Shell('docker', what, bundle);
    await shell.run('true');
    return shell;
  }

  /** What a line prints. Fails when the line does. */
  run(line: string): Promise<string> {
    const answer = this.#turn.then(() => this.#run(line));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin?.end();
    await once(this.#child, 'close');
  }

  async #run(line: string): Promise<string> {
    this.#output = '';
    this.#errors = '';
    this.#child.stdin?.write(`${line}\nstatus=$?; echo; echo "${MARK} $status"\n`);
    for (;;) {
      const end = /^([\s\S]*)\n-- done (\d+)\n$/.exec(this.#output);
      if (end?.[2] === '0') return (end[1] as string).replace(/\n$/, '');
      if (end) throw new Error(`${line}: ${end[2]}\n${this.#output}${this.#errors}`);
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`The shell ended at: ${line}\n${this.#output}${this.#errors}`);
      await new Promise<void>((done) => {
        const settle = () => {
          this.#child.stdout?.off('data', settle);
          this.#child.off('close', settle);
          done();
        };
        this.#child.stdout?.on('data', settle);
        this.#child.on('close', settle);
      });
    }
  }
}
