import type { WireDevice } from '../../wire.ts';
import { part, write } from '../element.ts';
import { figure } from '../figure.ts';
import { quote } from './curl.ts';

export interface Found {
  /** How many events the page knows. */
  readonly known: number;
  /** How many of them somebody made happen: that the device is there is no such thing. */
  readonly made: number;
  readonly device: WireDevice | undefined;
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
    const { isEmpty, search, channels } = found;
    const isQuiet = search === '' && (channels.length > 0 ? isEmpty : found.made === 0);
    this.#empty.hidden = !isQuiet;
    this.#nothing.hidden = !isEmpty || isQuiet;
    if (isQuiet) {
      const example = channels.find((name) => !name.includes('*'));
      const { lead, why } = channels.length > 0 ? quietWords(channels) : inviting(found.device);
      write(part(this.#empty, 'lead'), lead);
      write(part(this.#empty, 'why'), why);
      write(part(this.#empty, 'how'), howTo(location.origin, example ?? 'base'));
    } else if (isEmpty) write(part(this.#nothing, 'why'), foundWords(found));
  }

  hide(): void {
    this.#empty.hidden = true;
    this.#nothing.hidden = true;
  }
}

interface Words {
  readonly lead: string;
  readonly why: string;
}

/** What to do first, and where. */
function inviting(device: WireDevice | undefined): Words {
  const button = device?.pins.find(({ direction, problem }) => direction === 'in' && problem === undefined);
  if (!device || device.state === 'offline' || !button)
    return {
      lead: 'Nothing has happened yet.',
      why: 'Publish something on this page, or send it from a shell:',
    };
  const where =
    device.driver === 'mock' ? `“${button.name}” under Device` : `the button at GPIO ${button.gpio}`;
  return {
    lead: `Press ${where}.`,
    why: 'It is seen here at once, and so is what anybody publishes: on this page, or from a shell:',
  };
}

function quietWords(channels: readonly string[]): Words {
  const names = channels.slice(0, 3).map((name) => `“${name}”`);
  const more = channels.length > 3 ? ` and ${channels.length - 3} more` : '';
  return {
    lead: `Nothing has happened on ${names.join(', ')}${more}.`,
    why: 'It is shown here as soon as it does. From a shell:',
  };
}

function foundWords({ known, channels, search }: Found): string {
  const among = channels.length > 0 ? ' on the chosen channels' : '';
  if (known === 0) return `No event${among} has “${search}” so far.`;
  return `None of the last ${figure(known)} events${among} has “${search}” in its data, name or channel.`;
}

function howTo(origin: string, channel: string): string {
  const body = JSON.stringify({ channel, data: 'Hello!' });
  return `curl ${origin}/events -H 'Content-Type: application/json' \\
  -d ${quote(body)}

# with Redis
redis-cli publish ${/^[\w.:-]+$/.test(channel) ? channel : quote(channel)} '[1, 2, 3]'`;
}
