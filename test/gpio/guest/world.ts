import { execSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Device } from './app.ts';
import { Board, type Chip } from './board.ts';
import type { DriverCase } from './drivers.ts';
import { type Program, startApp, startRedis, startSidecar } from './program.ts';

export const HEADER = 'pinctrl-bcm2711';
/** A chip that is not the header's, and comes before it: chips are not to be told by their order. */
export const FOREIGN = 'gpio-expander';
/** A line of the header's chip that the system has taken. */
export const HOGGED = 5;
/** The line whose button is wired to the supply, and not to ground as the others. */
export const ACTIVE_HIGH = 27;
const LINES = 32;
const FOREIGN_LINES = 8;

/** Everything that runs in the machine. */
export class World {
  readonly driver: DriverCase;
  readonly board = new Board([
    { label: FOREIGN, lines: FOREIGN_LINES },
    { label: HEADER, lines: LINES, hogs: [HOGGED] },
  ]);
  readonly device = new Device();
  redis: Program | undefined;
  app: Program | undefined;
  sidecar: Program | undefined;

  constructor(driver: DriverCase) {
    this.driver = driver;
  }

  async start(): Promise<void> {
    execSync(this.driver.prepare);
    this.board.add();
    this.rest();
    this.redis = await startRedis();
  }

  async startApp(): Promise<void> {
    this.app = await startApp();
  }

  startSidecar(pins: string, env: Readonly<Record<string, string>> = {}): Program {
    this.sidecar = startSidecar({ ...this.driver.env, PINS: pins, ...env });
    return this.sidecar;
  }

  /** Nobody presses anything: buttons to ground are pulled up, the one to the supply is pulled down. */
  rest(): void {
    for (let line = 0; line < LINES; line++) this.chip.pull(line, line === ACTIVE_HIGH ? 0 : 1);
    for (let line = 0; line < FOREIGN_LINES; line++) this.board.chip(FOREIGN).pull(line, 1);
  }

  /** The header's chip, as it is called now. */
  get chip(): Chip {
    return this.board.chip(HEADER);
  }

  /** What this driver says of a trouble with a pin. */
  sentence(trouble: keyof DriverCase['sentences'], pin: string, gpio: number): string {
    return this.driver.sentences[trouble](pin, gpio, this.chip);
  }

  /** Holds a button for some time. Answers when it was pressed and let go. */
  async press(line: number, ms: number, chip = this.chip): Promise<{ down: number; up: number }> {
    const pressed = chip.label === HEADER && line === ACTIVE_HIGH ? 1 : 0;
    const down = wall();
    chip.pull(line, pressed);
    await sleep(ms);
    const up = wall();
    chip.pull(line, pressed === 1 ? 0 : 1);
    return { down, up };
  }
}

/** The machine's time in milliseconds with fractions. */
export function wall(): number {
  return performance.timeOrigin + performance.now();
}
