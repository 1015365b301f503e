import { type Chip, unexportLine } from './board.ts';
import type { DriverCase } from './drivers.ts';
import { NOBODYS, type NobodysPin } from './nobody.ts';
import type { World } from './world.ts';

const SYSFS = '/sys/class/gpio';
const DEVICES = '/dev/gpiochip0, /dev/gpiochip1';
const ROOTS =
  "It is root's alone: run the sidecar as root (its container is root, and privileged, as it comes).";

/** How a sentence begins when the chip is known. */
function subject(pin: string, gpio: number, chip: Chip): string {
  return `${pin} (GPIO ${gpio}, number ${chip.number(gpio)} of sysfs)`;
}

function of(pin: NobodysPin, { chip }: World): string {
  return subject(pin, NOBODYS[pin], chip);
}

/** A file of a pin's line. */
function file(pin: NobodysPin, name: string, { chip }: World): string {
  return `${SYSFS}/gpio${chip.number(NOBODYS[pin])}/${name}`;
}

/** The line of a pin that root has opened. */
function opened(pin: NobodysPin, what: string, world: World): string {
  return `${of(pin, world)} cannot be opened: no permission for ${file(pin, what, world)}. Another user opened the line: release it (\`echo ${world.chip.number(NOBODYS[pin])} | sudo tee ${SYSFS}/unexport\`), or run the sidecar as root (its container is root, and privileged, as it comes).`;
}

/** sysfs does not tell by whom. */
function busy(pin: string, gpio: number, chip: Chip): string {
  return `${subject(pin, gpio, chip)} is in use by another program or by the system, says ${SYSFS}/export: end that one (\`gpioinfo\` names it), or choose another GPIO in PINS.`;
}

export const onoff: DriverCase = {
  name: 'onoff',
  env: { GPIO_DRIVER: 'onoff' },
  prepare: 'true',
  exports: true,
  closeMs: 4,
  ofStalls: 'Presses in that time may be lost, since onoff sees only the last level.',
  losesNone: false,
  sentences: {
    beyond: (pin, gpio, chip) =>
      `${pin} (GPIO ${gpio}) does not exist: ${chip.label} (/dev/${chip.name}, ${chip.directory}) has 32 lines, 0 to 31. Choose another GPIO in PINS.`,
    hogged: busy,
    held: busy,
    gone: (pin, gpio, chip) =>
      `${subject(pin, gpio, chip)} is gone, says ${SYSFS}/gpio${chip.number(gpio)}/value: another program released it, or its chip was removed. It is opened again as soon as possible.`,
    'no chip': (pin, gpio) =>
      `${pin} (GPIO ${gpio}) cannot be opened: ${SYSFS} shows no GPIO chip. On a Raspberry Pi a container must be privileged to see its pins; on a machine without pins, set GPIO_DRIVER=mock.`,
  },
  behindUs: {
    title: 'a line that somebody unexported is opened again',
    take: (chip, gpio) => unexportLine(chip.number(gpio)),
  },
  alone: 'true',
  walls: [
    {
      title: 'a user without permission for export is told so',
      raise: () => 'true',
      says: (world) => ({
        open: `${of('open', world)} cannot be opened: no permission for ${SYSFS}/export. ${ROOTS}`,
      }),
    },
    {
      title: 'a /sys that is read-only is told from a missing permission',
      raise: () => `chmod 666 ${SYSFS}/export ${SYSFS}/unexport && mount -o remount,bind,ro /sys`,
      says: (world) => ({
        open: `${of('open', world)} cannot be opened: ${SYSFS}/export is read-only. Run the sidecar's container privileged, or set GPIO_DRIVER=gpiomon, which needs only the device /dev/${world.chip.name}.`,
      }),
    },
    {
      title: 'a kernel without /sys/class/gpio is told, and what it has instead',
      raise: () => 'mount -o remount,bind,rw /sys && mount -t tmpfs tmpfs /sys/class',
      says: () => ({
        open: `open (GPIO 7) cannot be opened: ${SYSFS} does not exist. This kernel has its pins as ${DEVICES}: set GPIO_DRIVER=gpiomon.`,
      }),
    },
    {
      title: 'an empty /sys/class/gpio is told, and nothing is written into it',
      raise: () => `umount /sys/class && mount -t tmpfs -o mode=777 tmpfs ${SYSFS}`,
      says: () => ({
        open: `open (GPIO 7) cannot be opened: ${SYSFS} shows no GPIO chip. This kernel has its pins as ${DEVICES}: set GPIO_DRIVER=gpiomon.`,
      }),
    },
    {
      title:
        'lines that root has opened, for root alone or with nothing but their value for others, are named',
      raise: ({ chip }) =>
        [
          `[ -z "$(ls ${SYSFS})" ]`,
          `umount ${SYSFS}`,
          `echo ${chip.number(NOBODYS.foreign)} >${SYSFS}/export`,
          `echo ${chip.number(NOBODYS.deaf)} >${SYSFS}/export`,
          `chmod 666 ${SYSFS}/gpio${chip.number(NOBODYS.deaf)}/value`,
        ].join(' && '),
      says: (world) => ({
        open: `${of('open', world)} cannot be opened: no permission for ${file('open', 'value', world)}. ${ROOTS}`,
        foreign: opened('foreign', 'value', world),
        deaf: opened('deaf', 'direction', world),
      }),
    },
    {
      title: 'one of them works by itself when it may be used, while the others still fail',
      raise: (world) =>
        `cd ${SYSFS}/gpio${world.chip.number(NOBODYS.foreign)} && chmod 666 value direction edge active_low`,
      says: (world) => ({ foreign: undefined, deaf: opened('deaf', 'direction', world) }),
      pressed: ['foreign'],
    },
    {
      title: 'and the rest follow',
      raise: ({ chip }) => {
        const lines = [NOBODYS.open, NOBODYS.deaf].map((line) => chip.number(line));
        const allow = lines.map(
          (number) => `cd ${SYSFS}/gpio${number} && chmod 666 value direction edge active_low`,
        );
        return [`echo ${lines[0]} >${SYSFS}/export`, ...allow].join(' && ');
      },
      says: () => ({ open: undefined, foreign: undefined, deaf: undefined }),
      pressed: ['open', 'foreign', 'deaf'],
    },
  ],
};
