import { channelProblem } from '../contract/channel.ts';
import { DEVICE_CHANNEL } from '../contract/device.ts';
import { duration } from '../lib/settings.ts';
import type { Level } from './drivers/driver.ts';
import { gpioHint, optionHint, pinHint } from './pinHints.ts';

/** Reads PINS: `button=17, door=27:debounce=50ms, led=18:out`. */

export type PinSpec = InputSpec | OutputSpec;
/** `as-is`: whatever the board has set. */
export type Pull = 'pull-up' | 'pull-down' | 'none' | 'as-is';

interface AnySpec {
  /** Also the channel of its events. */
  readonly name: string;
  /** The BCM number. */
  readonly gpio: number;
  /** Low means pressed or lit. */
  readonly activeLow: boolean;
}

export interface InputSpec extends AnySpec {
  readonly direction: 'in';
  readonly pull: Pull;
  /** Milliseconds, as are the next two. */
  readonly debounce: number;
  readonly long: number;
  readonly double: number;
}

export interface OutputSpec extends AnySpec {
  readonly direction: 'out';
  /** Logical, as is the next one: 1 is lit. */
  readonly initial: Level;
  /** What it is set to when the sidecar ends. */
  readonly safe: Level;
}

/**
 * The header ends at 27; the others are on Compute Modules. 0 and 1 are allowed: the chip of a HAT is read from there, but only
 * at boot, and who has no HAT has two more pins.
 */
export const HIGHEST_GPIO = 53;
const DEFAULTS = { debounce: 25, long: 800, double: 300 };
const MOST = { debounce: 1_000, long: 60_000, double: 5_000 };
type TimeName = keyof typeof DEFAULTS;

/** What an option decides, and the direction it is for, if not for both. Two that decide the same contradict each other. */
const WORDS: Record<string, { decides: string; only?: 'in' | 'out' }> = {
  in: { decides: 'direction' },
  out: { decides: 'direction' },
  'active-high': { decides: 'active' },
  'active-low': { decides: 'active' },
  'pull-up': { decides: 'pull', only: 'in' },
  'pull-down': { decides: 'pull', only: 'in' },
  none: { decides: 'pull', only: 'in' },
  'debounce=': { decides: 'debounce', only: 'in' },
  'long=': { decides: 'long', only: 'in' },
  'double=': { decides: 'double', only: 'in' },
  'initial=': { decides: 'initial', only: 'out' },
  'safe=': { decides: 'safe', only: 'out' },
};

const OPTIONS = Object.keys(WORDS);

interface Piece {
  readonly text: string;
  /** Where it stands in the whole text, from 1. */
  readonly position: number;
}

type Report = (piece: Piece, problem: string) => void;

/** What all pins of one text have to do with one another. */
interface Context {
  readonly announce: string;
  readonly report: Report;
  /** Where each name and each GPIO was used first. */
  readonly used: Map<string, number>;
}

/** All pins, and every mistake with its position and what would be right. */
export function parsePins(text: string, announce: string): { pins: PinSpec[]; problems: string[] } {
  const found: { position: number; sentence: string }[] = [];
  const report: Report = ({ text, position }, problem) => {
    const what = text === '' ? '' : `, "${text}"`;
    found.push({ position, sentence: `PINS, character ${position}${what}: ${problem}` });
  };
  const context = { announce, report, used: new Map<string, number>() };
  const pins = split({ text, position: 1 }, ',').flatMap((item) => parsePin(item, context) ?? []);
  found.sort((a, b) => a.position - b.position);
  return { pins, problems: found.map(({ sentence }) => sentence) };
}

function parsePin(item: Piece, context: Context): PinSpec | undefined {
  const { announce, report } = context;
  const equals = item.text.indexOf('=');
  if (equals < 0) {
    report(
      item,
      pinHint(item.text, OPTIONS) ?? 'a pin is written as NAME=GPIO, like button=17 or led=18:out.',
    );
    return undefined;
  }
  const name = item.text.slice(0, equals).trim();
  const [gpioPiece, ...options] = split(
    { text: item.text.slice(equals + 1), position: item.position + equals + 1 },
    ':',
  );
  const nameWrong = pinNameProblem(name, announce);
  if (nameWrong) report(item, nameWrong);
  else reportUsed(item, `the name ${name}`, context);
  const gpio = parseGpio(gpioPiece as Piece, name, report);
  if (gpio !== undefined) reportUsed(item, `GPIO ${gpio}`, context);
  const spec = specFrom({ name, gpio: gpio ?? 0 }, parseOptions(options, report), report);
  return nameWrong || gpio === undefined ? undefined : spec;
}

function reportUsed(item: Piece, what: string, { used, report }: Context): void {
  const before = used.get(what);
  if (before === undefined) used.set(what, item.position);
  else report(item, `${what} is used at character ${before} already: each pin needs its own.`);
}

function pinNameProblem(name: string, announce: string): string | undefined {
  if (name === DEVICE_CHANNEL) return `"${name}" is the channel of the device itself: choose another name.`;
  if (name === announce)
    return `"${name}" is the channel that presses are announced on (ANNOUNCE): choose another name.`;
  const problem = channelProblem(name);
  return problem && `a pin's name is the channel of its events. ${problem}`;
}

function parseGpio(piece: Piece, name: string, report: Report): number | undefined {
  const gpio = Number(piece.text);
  if (/^\d+$/.test(piece.text) && gpio <= HIGHEST_GPIO) return gpio;
  report(
    piece,
    gpioHint(piece.text, name, OPTIONS) ??
      `the GPIO must be a BCM number from 0 to ${HIGHEST_GPIO}, like 17 (that is pin 11 of the header).`,
  );
  return undefined;
}

type Options = Map<string, Piece & { readonly word: string; readonly value: string }>;

function parseOptions(pieces: readonly Piece[], report: Report): Options {
  const options: Options = new Map();
  for (const piece of pieces) {
    const equals = piece.text.indexOf('=');
    const word = equals < 0 ? piece.text : `${piece.text.slice(0, equals).trim()}=`;
    const known = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    const before = known && options.get(known.decides);
    if (!known) {
      const hint = optionHint(word, OPTIONS);
      report(
        piece,
        hint ? `this is no option: ${hint}` : `this is no option: there are ${OPTIONS.join(', ')}.`,
      );
    } else if (before) report(piece, `"${before.text}" has decided that already: keep one of them.`);
    else options.set(known.decides, { ...piece, word, value: piece.text.slice(equals + 1).trim() });
  }
  return options;
}

function specFrom(id: { name: string; gpio: number }, options: Options, report: Report): PinSpec {
  const direction = options.get('direction')?.word === 'out' ? 'out' : 'in';
  for (const option of options.values()) {
    const { only } = WORDS[option.word] as { only?: string };
    if (!only || only === direction) continue;
    report(
      option,
      `this is for ${only === 'in' ? 'inputs' : 'outputs'}, and ${id.name} is an ${direction}put: leave it out.`,
    );
  }
  const active = options.get('active')?.word ?? (direction === 'in' ? 'active-low' : 'active-high');
  const wired = { ...id, activeLow: active === 'active-low' };
  if (direction === 'out') {
    return {
      ...wired,
      direction,
      initial: level('initial', options, report),
      safe: level('safe', options, report),
    };
  }
  const debounce = time('debounce', options, report);
  return {
    ...wired,
    direction,
    pull: (options.get('pull')?.word ?? 'as-is') as Pull,
    debounce,
    long: time('long', options, report, debounce),
    double: time('double', options, report, debounce),
  };
}

/** What a time means that is no longer than the debounce. */
const TOO_SHORT: Partial<Record<TimeName, string>> = {
  long: 'or each press is a long one',
  double: 'within which a second press counts as bouncing',
};

/** Longer than `debounce`, or 0. A default gives way: who sets a long debounce alone has not asked for a double click. */
function time(name: TimeName, options: Options, report: Report, debounce = 0): number {
  const option = options.get(name);
  if (!option) return DEFAULTS[name] > debounce ? DEFAULTS[name] : 0;
  if (/^0 ?(ms|s)?$/.test(option.value)) return 0;
  try {
    const ms = duration(option.value);
    if (ms > MOST[name]) report(option, `${name} is at most ${MOST[name] / 1000}s.`);
    else if (ms > debounce) return ms;
    else
      report(
        option,
        `${name} must be longer than debounce, which is ${debounce}ms, ${TOO_SHORT[name]}: write more, or ${name}=0 for none.`,
      );
  } catch {
    const example = /^\d+$/.test(option.value) ? `${option.value}ms` : `${DEFAULTS[name]}ms`;
    report(option, `${name} must be a time like ${example}, or 0 for none.`);
  }
  return DEFAULTS[name];
}

function level(name: string, options: Options, report: Report): Level {
  const option = options.get(name);
  if (!option || option.value === '0') return 0;
  if (option.value === '1') return 1;
  report(option, `${name} must be 1 (on) or 0 (off).`);
  return 0;
}

/** The parts between separators, without the spaces around them, each with its position. */
function split({ text, position }: Piece, separator: string): Piece[] {
  let start = position;
  return text.split(separator).map((part) => {
    const piece = { text: part.trim(), position: start + part.length - part.trimStart().length };
    start += part.length + 1;
    return piece;
  });
}
