import { el, part } from '../element.ts';
import { figure } from '../figure.ts';
import { type Format, fileName, type History, readHistory } from './history.ts';
import { endOf, readOn } from './log.ts';

/** A browser that has not begun to save by then never will. */
const SAVED_MS = 60_000;

/** The history of what is chosen, as a file. */
export class Download {
  readonly #line: HTMLElement;
  readonly #said: HTMLElement;
  readonly #cancel: HTMLButtonElement;
  readonly #channels: () => readonly string[];
  #running: AbortController | undefined;

  constructor(root: HTMLElement, channels: () => readonly string[], begun: () => void) {
    this.#channels = channels;
    this.#line = part(root, 'download');
    this.#said = part(this.#line, 'said');
    this.#cancel = part<HTMLButtonElement>(this.#line, 'cancel');
    this.#cancel.addEventListener('click', () => this.#end());
    for (const format of ['csv', 'json'] as const) {
      part(root, format).addEventListener('click', () => {
        begun();
        void this.#start(format);
        this.#cancel.focus({ preventScroll: true });
      });
    }
  }

  /** Cancels it, or takes away what was said. */
  #end(): void {
    const wasRunning = this.#running !== undefined;
    this.#running?.abort();
    this.#running = undefined;
    if (wasRunning) this.#say('Cancelled: nothing was saved.');
    else this.#line.hidden = true;
  }

  async #start(format: Format): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const chosen = this.#channels();
    this.#say('Reading the log …');
    try {
      const progress = (count: number) => {
        if (!running.signal.aborted) this.#say(`Reading the log: ${figure(count)} events so far …`);
      };
      const channels = chosen.length > 0 ? chosen : ['*'];
      const { signal } = running;
      const until = await endOf(channels, signal);
      const history = await readHistory(readOn, channels, format, progress, signal, until);
      if (running.signal.aborted) return;
      const name = fileName(format, new Date());
      if (history.count > 0) save(new Blob([...history.parts], { type: history.parts[0]?.type ?? '' }), name);
      this.#running = undefined;
      this.#say(resultOf(history, name, chosen));
    } catch (error) {
      if (running.signal.aborted) return;
      this.#running = undefined;
      this.#say(`Nothing was saved. ${(error as Error).message}`, true);
    }
  }

  #say(text: string, wrong = false): void {
    this.#line.hidden = false;
    this.#said.textContent = text;
    this.#said.classList.toggle('wrong', wrong);
    this.#cancel.textContent = this.#running ? 'Cancel' : 'Close';
  }
}

function resultOf({ count, gaps }: History, name: string, chosen: readonly string[]): string {
  if (count === 0) {
    return chosen.length > 0
      ? 'The logs of the chosen channels are empty: nothing was saved.'
      : 'The log is empty: nothing was saved.';
  }
  const saved = `${figure(count)} ${count === 1 ? 'event' : 'events'} saved as ${name}.`;
  if (gaps.length === 0) return saved;
  if (gaps.some(({ channel }) => channel === undefined)) {
    return `${saved} While it was read the store became a new one: what follows is counted anew.`;
  }
  const names = [...new Set(gaps.map(({ channel }) => `“${channel}”`))].slice(0, 3).join(', ');
  return `${saved} While it was read, the log dropped events on ${names}: they are missing in it.`;
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = el('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVED_MS);
}
