/**
 * What somebody meant who wrote PINS otherwise than it is read: each answers what to write instead, or undefined when it
 * cannot tell. Nothing is accepted because of a hint, or the next reader would find five ways of writing the same.
 */

/** The BCM numbers behind the pins of the header; those that are left out are power and ground. */
const HEADER: Readonly<Record<number, number>> = {
  3: 2,
  5: 3,
  7: 4,
  8: 14,
  10: 15,
  11: 17,
  12: 18,
  13: 27,
  15: 22,
  16: 23,
  18: 24,
  19: 10,
  21: 9,
  22: 25,
  23: 11,
  24: 8,
  26: 7,
  27: 0,
  28: 1,
  29: 5,
  31: 6,
  32: 12,
  33: 13,
  35: 19,
  36: 16,
  37: 26,
  38: 20,
  40: 21,
};
const PINS_OF_HEADER = 40;

const ALIASES: Readonly<Record<string, string>> = {
  input: 'in',
  output: 'out',
  up: 'pull-up',
  down: 'pull-down',
  pudup: 'pull-up',
  puddown: 'pull-down',
  inverted: 'active-low',
  invert: 'active-low',
  longpress: 'long=',
  doubleclick: 'double=',
};

/** For a pin without "=". */
export function pinHint(text: string, options: readonly string[]): string | undefined {
  if (options.includes(text)) return behind(text);
  const nameless = /^(?:gpio|bcm)?[ _-]?(\d+)$/i.exec(text);
  if (nameless) return `a pin needs a name: write button=${nameless[1]}.`;
  const joined = /^(.*[^\s:])\s*[:\s]\s*(\d+)$/.exec(text);
  return joined ? `between name and GPIO there is a "=": write ${joined[1]}=${joined[2]}.` : undefined;
}

/** For what is no GPIO, of a pin of this name. */
export function gpioHint(text: string, name: string, options: readonly string[]): string | undefined {
  if (options.includes(`${name}=`)) return behind(`${name}=${text}`);
  if (/["'`]/.test(text)) return 'leave out the quotation marks: they have become part of the text.';
  const prefixed = /^(?:gpio|bcm|d)[ _-]?(\d+)$/i.exec(text);
  if (prefixed) return `write only the number: ${prefixed[1]}.`;
  const physical = /^(?:physical|board|header|pin|p|#)[ _-]?(\d+)$/i.exec(text);
  if (physical) return headerHint(Number(physical[1]));
  const next = /^(\d+)[\s;|&]+(\S.*=.*)$/.exec(text);
  if (next) return `pins are separated by commas: write ${next[1]}, ${next[2]}.`;
  const option = /^(\d+)[\s;|&/]+([a-z].*)$/.exec(text);
  return option ? `options follow with colons: write ${option[1]}:${option[2]}.` : undefined;
}

/** For what is no option. */
export function optionHint(word: string, options: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');
  const meant = options.find((option) => plain(option) === plain(word)) ?? alias(plain(word));
  if (!meant || word === '') return undefined;
  return meant.endsWith('=') ? `write it with a value: ${meant}…` : `write ${meant}.`;
}

function behind(option: string): string {
  return `this is an option: write it behind its pin with a colon, like button=17:${option}.`;
}

function alias(word: string): string | undefined {
  return Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined;
}

function headerHint(pin: number): string | undefined {
  if (pin < 1 || pin > PINS_OF_HEADER) return undefined;
  const gpio = HEADER[pin];
  return gpio === undefined
    ? `pin ${pin} of the header is power or ground: no GPIO is there.`
    : `pin ${pin} of the header is GPIO ${gpio}: write ${gpio}.`;
}
