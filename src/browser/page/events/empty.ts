import { part } from '../element.ts';
import { quote } from './curl.ts';

export interface Found {
  /** How many events the page knows. */
  readonly known: number;
  readonly isEmpty: boolean;
  readonly channels: readonly string[];
  readonly search: string;
}

/** Why there are no rows, and what to do. */
export class Empty {
  readonly #empty: HTMLElement;
  readonly #nothing: HTMLElement;

  constructor(root: HTMLElement, clear: () => void) {
    this.#empty = part(root, 'empty');
    this.#nothing = part(root, 'nothing');
    part(this.#nothing, 'clear').addEventListener('click', clear);
  }

  show(found: Found): void {
    const { known, isEmpty, search, channels } = found;
    const isQuiet = isEmpty && search === '' && (known === 0 || channels.length > 0);
    this.#empty.hidden = !isQuiet;
    this.#nothing.hidden = !isEmpty || isQuiet;
    if (isQuiet) {
      const example = channels.find((name) => !name.includes('*'));
      say(part(this.#empty, 'why'), quietWords(channels));
      say(part(this.#empty, 'how'), howTo(location.origin, example ?? 'base'));
    } else if (isEmpty) say(part(this.#nothing, 'why'), foundWords(found));
  }

  hide(): void {
    this.#empty.hidden = true;
    this.#nothing.hidden = true;
  }
}

/** Only what has changed is written: it would be read out again. */
function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function quietWords(channels: readonly string[]): string {
  if (channels.length === 0) {
    return 'Nothing has happened yet. Press a button, publish something, or send it from a shell:';
  }
  const names = channels.slice(0, 3).map((name) => `“${name}”`);
  const more = channels.length > 3 ? ` and ${channels.length - 3} more` : '';
  return `Nothing has happened on ${names.join(', ')}${more}. It is shown here as soon as it does; from a shell:`;
}

function foundWords({ known, channels, search }: Found): string {
  const among = channels.length > 0 ? ' on the chosen channels' : '';
  if (known === 0) return `No event${among} has “${search}” so far.`;
  return `None of the last ${known.toLocaleString('en')} events${among} has “${search}” in its data, name or channel.`;
}

function howTo(origin: string, channel: string): string {
  const body = JSON.stringify({ channel, data: 'Hello!' });
  return `curl ${origin}/events -H 'Content-Type: application/json' \\
  -d ${quote(body)}

# with Redis
redis-cli publish ${/^[\w.:-]+$/.test(channel) ? channel : quote(channel)} '[1, 2, 3]'`;
}
