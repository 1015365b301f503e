import type { Log } from '../lib/log.ts';
import {
  type Driver,
  type Line,
  type LineListener,
  LineProblem,
  type LineRequest,
} from './drivers/driver.ts';

/**
 * A driver whose surprises stay with the pin that they concern. A driver calls from within handlers of the system, where an
 * error that nobody catches ends the process, and with it all other pins: here it fails the line, which is opened again.
 */
export function guarded(driver: Driver, log: Log): Driver {
  const press = driver.press?.bind(driver);
  const hold = driver.hold?.bind(driver);
  return {
    // Asked for each time: a driver that chooses has its name when it has chosen.
    get name() {
      return driver.name;
    },
    ...(press && { press }),
    ...(hold && { hold }),
    open: async (request, listener) => {
      const line = await driver.open(request, guardedListener(request, listener, log));
      return guardedLine(line, request, log);
    },
    close: async () => {
      try {
        await driver.close();
      } catch (error) {
        log.error({}, `The driver ${driver.name} failed at its end. Unexpected: ${reasonOf(error)}.`);
      }
    },
  };
}

function guardedListener(request: LineRequest, listener: LineListener, log: Log): LineListener {
  const guard = (tell: () => void) => {
    try {
      tell();
    } catch (error) {
      const problem = surprise(request, error);
      try {
        listener.failed(problem);
      } catch {
        log.error({ pin: request.name }, problem.message);
      }
    }
  };
  return {
    edge: (level, at) => guard(() => listener.edge(level, at)),
    missed: (edges) => guard(() => listener.missed(edges)),
    failed: (problem) => guard(() => listener.failed(problem)),
  };
}

function guardedLine(line: Line, request: LineRequest, log: Log): Line {
  return {
    ...(line.lag !== undefined && { lag: line.lag }),
    read: () => line.read(),
    write: (level) => line.write(level),
    close: async () => {
      try {
        await line.close();
      } catch (error) {
        log.error({ pin: request.name }, surprise(request, error).message);
      }
    },
  };
}

function surprise({ name, gpio }: LineRequest, error: unknown): LineProblem {
  return new LineProblem(
    `${name} (GPIO ${gpio}) failed. Unexpected: ${reasonOf(error)}. It is opened again; if this goes on, please report it.`,
  );
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
