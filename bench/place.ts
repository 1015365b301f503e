import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, type Start } from './program.ts';

/** Where something is measured: its files and its processes. When it ends, however it ends, nothing of them is left. */
export class Place {
  readonly folder: string;
  readonly #programs: Program[] = [];
  readonly #remove: () => void;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'pinstream-bench-'));
    chmodSync(this.folder, 0o755); // nginx's workers are somebody else
    this.#remove = () => rmSync(this.folder, { recursive: true, force: true });
    process.on('exit', this.#remove);
  }

  start(start: Start): Program {
    const program = new Program(start);
    this.#programs.push(program);
    return program;
  }

  /** What one of its processes said when a part of it broke down; it may have been replaced at once. */
  get breakdown(): string | undefined {
    const said = this.#programs.flatMap((program) => program.said.split('\n'));
    return said.find((line) => /exited on signal|exited with code [1-9]/.test(line));
  }

  async end(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    process.off('exit', this.#remove);
    this.#remove();
  }
}
