import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Level } from '../../src/sidecar/drivers/driver.ts';
import type { GpioClass } from '../../src/sidecar/drivers/onoff.ts';
import type { Gpio } from '../../src/sidecar/drivers/onoffLine.ts';
import { exportLine } from '../../src/sidecar/drivers/sysfsExport.ts';

/** The files of an exported line, those of `stubborn` not to be changed. */
export function exported(root: string, number: number, stubborn: readonly string[] = []): void {
  mkdirSync(join(root, `gpio${number}`));
  for (const file of ['value', 'direction', 'active_low', 'edge']) {
    const path = join(root, `gpio${number}`, file);
    if (stubborn.includes(file)) symlinkSync('/dev/null', path);
    else writeFileSync(path, '');
  }
}

/** What onoff's Gpio and the kernel do, as far as the facts say, over a directory in tmp; a test sets what shall go wrong. */
export function fakeOnoff(root: string) {
  const wire = {
    level: 1 as Level,
    made: [] as unknown[][],
    unexported: 0,
    /** Thrown by the constructor. */
    refusal: undefined as Error | undefined,
    /** Thrown by each access to the level. */
    gone: undefined as Error | undefined,
    /** The settings that a line keeps which is exported now. */
    stubborn: [] as string[],
    written: [] as Level[],
    /** What the kernel's poller does at an edge: onoff reads the level, outside any try. */
    poll: () => {},
    /** The wire moves, and the kernel tells. */
    move: (level: Level) => {
      wire.level = level;
      wire.poll();
    },
  };
  class FakeGpio implements Gpio {
    readonly #folder: string;
    readonly #direction: string;
    /** Outputs are wires of their own. */
    readonly #wire: { level: Level };

    constructor(number: number, direction: string, edge: string, options: object) {
      wire.made.push([number, direction, edge, options]);
      if (wire.refusal) throw wire.refusal;
      this.#folder = join(root, `gpio${number}`);
      this.#direction = direction === 'in' ? 'in' : 'out';
      this.#wire = direction === 'in' ? wire : { level: direction === 'high' ? 1 : 0 };
    }
    readSync(): Level {
      if (wire.gone) throw wire.gone;
      return this.#wire.level;
    }
    writeSync(level: Level): void {
      if (wire.gone) throw wire.gone;
      wire.written.push(level);
      this.#wire.level = level;
    }
    watch(hear: (error: null, level: Level) => void): void {
      wire.poll = () => hear(null, this.readSync());
    }
    unexport(): void {
      wire.unexported++;
      if (this.#direction === 'in') wire.poll = () => {};
      rmSync(this.#folder, { recursive: true, force: true });
      if (wire.gone) throw wire.gone;
    }
  }
  return {
    wire,
    parts: {
      root,
      load: async (): Promise<GpioClass> => FakeGpio,
      exportLine: (attempt: Parameters<typeof exportLine>[0]) => {
        const state = exportLine(attempt);
        if (state === 'exported') exported(root, attempt.number, wire.stubborn);
        return state;
      },
    },
  };
}
