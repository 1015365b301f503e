import { readdirSync, readFileSync } from 'node:fs';
import type { Chip } from './board.ts';
import type { DriverCase } from './drivers.ts';
import { NOBODYS } from './nobody.ts';

/** Where the sidecar looks for libgpiod: a link, so that it can be missing, or another version. */
const TOOLS = '/run/gpiod';
const NEEDED =
  'The gpiomon driver needs libgpiod 2, which is the package gpiod of Debian 13 (trixie) or later';
const LABELS = 'pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1';

function subject(pin: string, gpio: number, chip: Chip): string {
  return `${pin} (GPIO ${gpio}, line ${gpio} of /dev/${chip.name})`;
}

const OPEN = `open (GPIO ${NOBODYS.open}) cannot be opened:`;

/** The process that hears a line. */
function listener(gpio: number): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const words = commandOf(pid);
    if (words[0]?.endsWith('/gpiomon') && words.at(-1) === String(gpio)) return Number(pid);
  }
  throw new Error(`No gpiomon hears ${gpio}.`);
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Makes the devices of chips anew, which were removed. */
function make(...names: string[]): string {
  const one = (name: string) =>
    `mknod -m 666 /dev/${name} c $(sed 's/:/ /' /sys/bus/gpio/devices/${name}/dev)`;
  return names.map(one).join(' && ');
}

export const gpiomon: DriverCase = {
  name: 'gpiomon',
  env: { GPIO_DRIVER: 'gpiomon', PATH: `${TOOLS}:/bin:/sbin` },
  prepare: `ln -sfn /gpiod2/bin ${TOOLS}`,
  exports: false,
  // The kernel's debounce ends with a tick of its clock, and those are 4 ms apart: up to 7 ms later than was asked for, and more when much is going on.
  closeMs: 12,
  ofStalls: 'No press is lost by that',
  losesNone: true,
  sentences: {
    beyond: (pin, gpio, chip) =>
      `${pin} (GPIO ${gpio}) does not exist: ${chip.label} (/dev/${chip.name}) has 32 lines, 0 to 31. Choose another GPIO in PINS.`,
    hogged: (pin, gpio, chip) =>
      `${subject(pin, gpio, chip)} is in use by "taken", another program or a part of the system: end that, or choose another GPIO in PINS.`,
    held: (pin, gpio, chip) =>
      `${subject(pin, gpio, chip)} is in use by "gpiomon", another program or a part of the system: end that, or choose another GPIO in PINS.`,
    gone: (pin, gpio, chip) =>
      `${subject(pin, gpio, chip)} failed: gpiomon was ended by SIGKILL. It is started again; if that does not help, restart the Pi, or report this with the model of the board.`,
    'no chip': (pin, gpio) =>
      `${pin} (GPIO ${gpio}) cannot be opened: there is no /dev/gpiochipN. Give the sidecar's container the header's (\`devices: ["/dev/gpiochip0"]\`; \`gpiodetect\` on the Pi names it); on a machine without pins, set GPIO_DRIVER=mock.`,
  },
  behindUs: {
    title: 'a gpiomon that somebody ended is started again',
    take: (_chip, gpio) => process.kill(listener(gpio), 'SIGKILL'),
  },
  alone: 'mount -t tmpfs tmpfs /sys/class',
  walls: [
    {
      title: 'without gpiomon it says what to install',
      raise: () => `rm ${TOOLS}`,
      says: () => ({
        open: `${OPEN} gpiomon is not installed. ${NEEDED}: install it (\`sudo apt install gpiod\`), or set GPIO_DRIVER=onoff.`,
      }),
    },
    {
      title: 'libgpiod 1 is recognised, and refused',
      raise: () => `ln -s /gpiod1/bin ${TOOLS}`,
      says: () => ({
        open: `${OPEN} libgpiod 1.6.3 is installed. ${NEEDED}: its programs are used in another way. Upgrade it, or set GPIO_DRIVER=onoff.`,
      }),
    },
    {
      title: 'a user without permission for the device is told so',
      raise: () => `ln -sfn /gpiod2/bin ${TOOLS}`,
      says: () => ({
        open: `${OPEN} no permission for /dev/gpiochip0, /dev/gpiochip1. They are root's alone: run the sidecar as root, or give the device to a group by a rule of udev.`,
      }),
    },
    {
      title: 'and which group may use it',
      raise: () => 'chgrp gpio /dev/gpiochip* && chmod 660 /dev/gpiochip*',
      says: () => ({
        open: `${OPEN} no permission for /dev/gpiochip0, /dev/gpiochip1. They belong to the group gpio (997): add this user to it, or give the sidecar's container its device (\`sudo gpiodetect\` names the one of the header) and \`group_add: ["997"]\`.`,
      }),
    },
    {
      title: 'a container without devices is told how to get them',
      raise: () => 'rm /dev/gpiochip*',
      says: () => ({
        open: `${OPEN} there is no /dev/gpiochipN. Give the sidecar's container the header's (\`devices: ["/dev/gpiochip0"]\`; \`gpiodetect\` on the Pi names it); on a machine without pins, set GPIO_DRIVER=mock.`,
      }),
    },
    {
      title: 'a chip that is not the header is named',
      raise: () => make('gpiochip0'),
      says: () => ({
        open: `${OPEN} no chip is the one of a Raspberry Pi's header (${LABELS}), there is only gpio-expander (/dev/gpiochip0). If the pins are of that one, set GPIO_CHIP to its label; on a machine without pins, set GPIO_DRIVER=mock.`,
      }),
    },
    {
      title: 'all pins work by themselves when the device is there',
      raise: () => make('gpiochip1'),
      says: () => ({ open: undefined, foreign: undefined, deaf: undefined }),
      pressed: ['open', 'foreign', 'deaf'],
    },
  ],
};
