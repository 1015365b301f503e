import { existsSync } from 'node:fs';
import { LineProblem } from './driver.ts';
import { fileGroup } from './fileGroup.ts';
import { type GpiodChip, isDevice, RULED_OUT, type SeenChips } from './gpiodChip.ts';
import type { Ended } from './gpiodTools.ts';
import { LABELS } from './headerChip.ts';

/** What was tried when a tool of libgpiod refused. */
export interface GpiodAttempt {
  /** The name of the pin. */
  readonly name: string;
  readonly gpio: number;
  /** undefined as long as it is not known. */
  readonly chip?: GpiodChip;
}

const MOCK = 'on a machine without pins, set GPIO_DRIVER=mock.';

/** How every sentence about a pin begins. */
export function subject({ name, gpio, chip }: GpiodAttempt): string {
  return `${name} (GPIO ${gpio}${chip ? `, line ${gpio} of ${chip.device}` : ''})`;
}

export function cannotOpen(attempt: GpiodAttempt, reason: string): LineProblem {
  return new LineProblem(`${subject(attempt)} cannot be opened: ${reason}`);
}

/** The header's chip, or the wanted one. Throws a LineProblem when there is none, or when it lacks the line. */
export function chooseChip(
  attempt: GpiodAttempt,
  seen: SeenChips,
  folder: string,
  wanted?: string,
): GpiodChip {
  const { chips, refused } = seen;
  const chip =
    wanted === undefined
      ? chips.find(({ label }) => LABELS.includes(label))
      : (chips.find(({ label }) => label === wanted) ??
        chips.find(({ device }) => isDevice(device, wanted, folder)));
  if (!chip) {
    const device = wanted && refused.find((path) => isDevice(path, wanted, folder));
    throw cannotOpen(attempt, whyNone({ ...seen, refused: device ? [device] : refused }, folder, wanted));
  }
  if (attempt.gpio < chip.lines) return chip;
  throw new LineProblem(beyond(attempt, chip));
}

/** Why a tool ended, with the name of whoever holds the line if that was the reason. */
export function explainEnd(
  tool: string,
  how: Ended,
  attempt: Required<GpiodAttempt>,
  holder?: string,
): LineProblem {
  const { chip } = attempt;
  const { errors } = how;
  const it = subject(attempt);
  if (/Device or resource busy/.test(errors)) return new LineProblem(`${it} is in use ${howToFree(holder)}`);
  if (/Permission denied|Operation not permitted/.test(errors))
    return cannotOpen(attempt, permission([chip.device], errors.includes(RULED_OUT)));
  if (/out of range/.test(errors)) return new LineProblem(beyond(attempt, chip));
  // gpioset ends without a word when its chip goes.
  if (/No such device|cannot find GPIO chip/.test(errors) || (how.code === 0 && !existsSync(chip.device)))
    return new LineProblem(
      `${it} is gone: the chip ${chip.label} was removed, says ${tool}. It is opened again as soon as it is back.`,
    );
  return new LineProblem(
    `${it} failed: ${tool} ${ending(how)}. It is started again; if that does not help, restart the Pi, or report this with the model of the board.`,
  );
}

/** `said …` or how it ended when it said nothing. */
export function ending({ code, signal, errors }: Ended): string {
  const said = errors.trim().split('\n').at(-1);
  if (said) return `said "${said}"`;
  return signal ? `was ended by ${signal}` : `ended with code ${code ?? 'unknown'}`;
}

/** Who holds a line, from gpioinfo's output; undefined when it does not say. */
export function holderIn(output: string): string | undefined {
  const [, quoted, plain] = /\bconsumer=(?:"([^"]*)"|(\S+))/.exec(output) ?? [];
  return quoted ?? plain;
}

function howToFree(holder: string | undefined): string {
  if (holder === undefined) return 'by another program: end that one, or choose another GPIO in PINS.';
  if (holder === CONSUMER)
    return 'by another sidecar, or by what is left of one that was killed: end its gpiomon and gpioset, or restart the Pi.';
  if (holder === 'sysfs')
    return 'through /sys/class/gpio, by a program like onoff that perhaps runs no more: end it, or restart the Pi, or set GPIO_DRIVER=onoff.';
  return `by "${holder}", another program or a part of the system: end that, or choose another GPIO in PINS.`;
}

/** The name under which lines are taken, as gpioinfo shows it. */
export const CONSUMER = 'pinstream';

function beyond({ name, gpio }: GpiodAttempt, chip: GpiodChip): string {
  return `${name} (GPIO ${gpio}) does not exist: ${chip.label} (${chip.device}) has ${chip.lines} lines, 0 to ${chip.lines - 1}. Choose another GPIO in PINS.`;
}

function whyNone(
  { chips, refused, ruledOut }: SeenChips,
  folder: string,
  wanted: string | undefined,
): string {
  if (refused.length > 0) return permission(refused, ruledOut);
  if (chips.length === 0)
    return `there is no ${folder}/gpiochipN. Give the sidecar's container the header's (\`devices: ["/dev/gpiochip0"]\`; \`gpiodetect\` on the Pi names it); ${MOCK}`;
  const found = chips.map(({ label, device }) => `${label} (${device})`).join(', ');
  return wanted === undefined
    ? `no chip is the one of a Raspberry Pi's header (${LABELS.join(', ')}), there is only ${found}. If the pins are of that one, set GPIO_CHIP to its label; ${MOCK}`
    : `GPIO_CHIP is ${wanted}, and there is no such chip, only ${found}. Correct GPIO_CHIP, or leave it out for the header of a Raspberry Pi.`;
}

/** Of several devices nobody knows which is the header's, as long as none may be opened. */
function permission(devices: readonly string[], ruledOut: boolean): string {
  const [device = ''] = devices;
  const several = devices.length > 1;
  const refused = `no permission for ${devices.join(', ')}.`;
  // Root needs no right of user or group.
  if (ruledOut || process.getuid?.() === 0) {
    const what = several
      ? "the header's with `devices:` (`gpiodetect` on the Pi names it)"
      : `\`devices: ["${device}"]\``;
    return `${refused} The sidecar's container lacks the rule for it, which no user and no group replaces: give it ${what}.`;
  }
  const group = fileGroup(device);
  if (!group)
    return `${refused} ${several ? 'They are' : 'It is'} root's alone: run the sidecar as root, or give the device to a group by a rule of udev.`;
  const ours = several
    ? 'its device (`sudo gpiodetect` names the one of the header)'
    : `\`devices: ["${device}"]\``;
  return `${refused} ${several ? 'They belong' : 'It belongs'} to the group ${group.words}: add this user to it, or give the sidecar's container ${ours} and \`group_add: ["${group.gid}"]\`.`;
}
