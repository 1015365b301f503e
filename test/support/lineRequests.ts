import type { InputRequest, OutputRequest } from '../../src/sidecar/drivers/driver.ts';

/** A button to ground and an LED, as pins ask a driver for them. */
export const BUTTON: InputRequest = {
  name: 'button',
  gpio: 17,
  direction: 'in',
  pull: 'as-is',
  debounce: 25,
  rest: 1,
};
export const LED: OutputRequest = { name: 'led', gpio: 18, direction: 'out', level: 1 };
