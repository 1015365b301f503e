import type { Gap, PinstreamEvent } from '../client.ts';
import { el, part } from './element.ts';
import { eventRow, gapRow } from './row.ts';

/** What is remembered, so that a filter finds what chatty channels have pushed out of sight. */
const KEPT = 1000;
const KEPT_CHARACTERS = 4_000_000;
/** What is drawn. */
const SHOWN = 200;
const SUGGESTED = 100;
/** More at once than anybody could follow are not pointed out one by one. */
const POINTED_OUT = 10;
/** What comes in the first moment is from the log. */
const SETTLING_MS = 1_000;

type Entry = { readonly event: PinstreamEvent } | { readonly gap: Gap };

/** What happens, newest first. Events are drawn once a frame at most, however many come; the page stays bounded. */
export class Feed {
  readonly #root: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #filter: HTMLInputElement;
  readonly #suggestions: HTMLElement;
  readonly #channels = new Set<string>();
  /** Oldest first. */
  readonly #entries: Entry[] = [];
  #characters = 0;
  /** How many of the entries wait to be drawn. */
  #waiting = 0;
  #drawing = false;
  #liveSince: number | undefined;

  constructor(root: HTMLElement, suggestions: HTMLElement) {
    this.#root = root;
    this.#rows = part(root, 'rows');
    this.#filter = part(root, 'filter');
    this.#suggestions = suggestions;
    this.#filter.addEventListener('input', () => this.#redraw());
    part(root, 'how').textContent = howTo(location.origin);
  }

  add(event: PinstreamEvent): void {
    this.#suggest(event.channel);
    this.#characters += event.data.length;
    this.#keep({ event });
  }

  addGap(gap: Gap): void {
    this.#keep({ gap });
  }

  live(live: boolean): void {
    if (!live) return;
    this.#liveSince ??= performance.now();
    // Nothing in the log is known only when nothing came.
    setTimeout(() => this.#sayEmpty(), SETTLING_MS / 2);
  }

  #keep(entry: Entry): void {
    this.#entries.push(entry);
    this.#waiting++;
    while (this.#entries.length > KEPT || this.#characters > KEPT_CHARACTERS) {
      const oldest = this.#entries.shift();
      if (oldest && 'event' in oldest) this.#characters -= oldest.event.data.length;
    }
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#drawing = false;
    const settled = this.#liveSince !== undefined && performance.now() - this.#liveSince > SETTLING_MS;
    const arrived = this.#waiting > 0 ? this.#entries.slice(-this.#waiting) : [];
    this.#waiting = 0;
    const rows = this.#rowsOf(arrived);
    if (settled && rows.length <= POINTED_OUT) for (const row of rows) row.classList.add('fresh');
    this.#rows.prepend(...rows);
    while (this.#rows.childElementCount > SHOWN) this.#rows.lastElementChild?.remove();
    this.#sayEmpty();
  }

  #redraw(): void {
    this.#waiting = 0;
    this.#rows.replaceChildren(...this.#rowsOf(this.#entries));
    this.#sayEmpty();
  }

  /** Newest first; only those that the filter leaves. A gap concerns everybody. */
  #rowsOf(entries: readonly Entry[]): HTMLElement[] {
    const meant = filterOf(this.#filter.value);
    const rows: HTMLElement[] = [];
    for (let i = entries.length - 1; i >= 0 && rows.length < SHOWN; i--) {
      const entry = entries[i] as Entry;
      if ('gap' in entry) rows.push(gapRow(entry.gap));
      else if (meant(entry.event.channel)) rows.push(eventRow(entry.event));
    }
    return rows;
  }

  #sayEmpty(): void {
    const nothing = part(this.#root, 'nothing');
    nothing.textContent = `None of the last ${this.#entries.length} events is on a channel like “${this.#filter.value}”.`;
    nothing.hidden = this.#entries.length === 0 || this.#rows.childElementCount > 0;
    part(this.#root, 'empty').hidden = this.#entries.length > 0 || this.#liveSince === undefined;
  }

  #suggest(channel: string): void {
    if (this.#channels.has(channel) || this.#channels.size >= SUGGESTED) return;
    this.#channels.add(channel);
    this.#suggestions.append(el('option', { value: channel }));
  }
}

/** A part of a channel's name, or the whole with `*` for any text. */
function filterOf(text: string): (channel: string) => boolean {
  const wanted = text.trim().toLowerCase();
  if (!wanted.includes('*')) return (channel) => channel.toLowerCase().includes(wanted);
  const parts = wanted.split('*').map((piece) => piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (channel) => expression.test(channel.toLowerCase());
}

function howTo(origin: string): string {
  return `curl ${origin}/events -H 'Content-Type: application/json' \\
  -d '{"channel": "base", "data": "Hello!"}'

# with Redis
redis-cli publish base '[1, 2, 3]'`;
}
