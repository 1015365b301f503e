import {
  type Driver,
  type Level,
  type Line,
  type LineListener,
  LineProblem,
  type LineRequest,
} from '../../src/sidecar/drivers/driver.ts';

/** A driver whose lines a test moves by hand. */
export class FakeDriver implements Driver {
  readonly name = 'fake';
  readonly opened: FakeLine[] = [];
  /** What the next openings fail with. */
  problem: Error | undefined;
  closed = false;
  /** What a line reads when it is opened as an input. */
  level: Level = 1;
  /** Of the lines that are opened. */
  lag = 0;

  async open(request: LineRequest, listener: LineListener): Promise<FakeLine> {
    if (this.problem) throw this.problem;
    const level = request.direction === 'in' ? this.level : request.level;
    const line = new FakeLine(request, listener, level, this.lag);
    this.opened.push(line);
    return line;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  get line(): FakeLine {
    return this.opened.at(-1) as FakeLine;
  }
}

export class FakeLine implements Line {
  readonly request: LineRequest;
  readonly listener: LineListener;
  readonly lag: number;
  readonly written: Level[] = [];
  level: Level;
  /** The wire is held at this level, whatever is written. */
  stuck: Level | undefined;
  failing = false;
  closed = false;
  #beforeWrite: () => Promise<void> = async () => {};

  constructor(request: LineRequest, listener: LineListener, level: Level, lag = 0) {
    this.lag = lag;
    this.request = request;
    this.listener = listener;
    this.level = level;
  }

  /** The wire moves, and the driver says so. */
  move(level: Level, at: number): void {
    this.level = level;
    this.listener.edge(level, at);
  }

  fail(sentence: string): void {
    this.failing = true;
    this.listener.failed(new LineProblem(sentence));
  }

  /** Writes take until they are released. */
  holdWrites(): { readonly reached: Promise<void>; release(): void } {
    let reach = () => {};
    let release = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#beforeWrite = () => {
      reach();
      return released;
    };
    return { reached, release };
  }

  read(): Level {
    if (this.failing) throw new LineProblem('The line is gone.');
    return this.stuck ?? this.level;
  }

  async write(level: Level): Promise<void> {
    await this.#beforeWrite();
    if (this.failing) throw new LineProblem('The line is gone.');
    this.written.push(level);
    this.level = level;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
