import type { Log } from '../../lib/log.ts';
import { type Driver, type Line, type LineListener, LineProblem, type LineRequest } from './driver.ts';

/** A driver that knows whether it can work here, before it takes a line. */
export interface CheckedDriver extends Driver {
  /** Rejects with a LineProblem. */
  check(request: LineRequest): Promise<void>;
}

/**
 * The first driver that works here, for all pins: they are of one chip, and what the device says is one driver. As long as none
 * works, each pin asks again when it is tried again.
 */
export class AutoDriver implements Driver {
  readonly #drivers: readonly CheckedDriver[];
  readonly #log: Log;
  #chosen: CheckedDriver | undefined;
  /** One pin asks after the other: the first answer that is good is for all of them. */
  #turn: Promise<unknown> = Promise.resolve();

  /** The drivers in the order in which they are preferred. */
  constructor(drivers: readonly CheckedDriver[], log: Log) {
    this.#drivers = drivers;
    this.#log = log;
  }

  get name(): string {
    return this.#chosen?.name ?? 'auto';
  }

  async open(request: LineRequest, listener: LineListener): Promise<Line> {
    const asked = this.#turn.then(() => this.#chosen ?? this.#choose(request));
    this.#turn = asked.catch(() => {});
    const driver = await asked;
    return driver.open(request, listener);
  }

  async close(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.close()));
  }

  async #choose(request: LineRequest): Promise<CheckedDriver> {
    const reasons: string[] = [];
    for (const driver of this.#drivers) {
      try {
        await driver.check(request);
      } catch (error) {
        reasons.push(`${driver.name}: ${this.#reason(error, request)}`);
        continue;
      }
      const why = reasons.length === 0 ? 'It works here, and is the first choice.' : reasons.join(' ');
      this.#log.info({ driver: driver.name }, `GPIO_DRIVER=auto takes ${driver.name}. ${why}`);
      this.#chosen = driver;
      return driver;
    }
    const all = reasons.join(' ');
    const mock = all.includes('GPIO_DRIVER=mock') ? '' : ' On a machine without pins, set GPIO_DRIVER=mock.';
    throw new LineProblem(
      `${request.name} (GPIO ${request.gpio}) cannot be opened by any driver. ${all}${mock}`,
    );
  }

  /** A driver's reason, without the pin, which is said once, and without the advice to take a driver that was tried as well. */
  #reason(error: unknown, { name, gpio }: LineRequest): string {
    const message = error instanceof Error ? error.message : String(error);
    const pin = `${name} (GPIO ${gpio}`;
    const reason = message.startsWith(pin)
      ? message.slice(pin.length).replace(/^[^)]*\) (?:cannot be opened: )?/, '')
      : message;
    const tried = this.#drivers.map((driver) => driver.name).join('|');
    const advice = new RegExp(`\\b[Ss]et GPIO_DRIVER=(?:${tried})\\b`);
    const sentences = reason
      .replace(new RegExp(`,? or ${advice.source}[^.]*`), '')
      .split(/(?<=\.) (?=[A-Z])/);
    return sentences.filter((sentence) => !advice.test(sentence)).join(' ');
  }
}
