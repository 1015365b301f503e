import type { Log } from '../../lib/log.ts';
import type { Clock } from '../clock.ts';
import type { SidecarConfig } from '../config.ts';
import { AutoDriver } from './auto.ts';
import type { Driver } from './driver.ts';
import { GpiomonDriver } from './gpiomon.ts';
import { MockDriver } from './mock.ts';
import { OnoffDriver } from './onoff.ts';

/** The driver that was asked for by name, never another one; the mock by its own name only. */
export function createDriver(config: SidecarConfig, clock: Clock, log: Log): Driver {
  const { chip } = config;
  switch (config.driver) {
    case 'mock':
      return new MockDriver(clock, config.mockAuto);
    case 'onoff':
      return new OnoffDriver({ clock, log, chip });
    case 'gpiomon':
      return new GpiomonDriver({ clock, log, chip });
    case 'auto': {
      const drivers = [new OnoffDriver({ clock, log, chip }), new GpiomonDriver({ clock, log, chip })];
      return new AutoDriver(drivers, log);
    }
  }
}
