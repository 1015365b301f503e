import type { PinstreamEvent } from '../client.ts';
import { Census } from './channels/census.ts';
import { ChoiceRow } from './channels/choiceRow.ts';
import { type Choice, choicesOf, isPattern } from './channels/choices.ts';
import { el, part, write } from './element.ts';
import { figure } from './figure.ts';
import { choiceProblem, type View } from './view.ts';

/** Names that are offered where one is typed. */
const SUGGESTED = 100;
/** Each is asked about once; beyond so many it begins anew. */
const MOST_HEARD = 10_000;

/** Which channels there are, who listens, and which of them are shown. */
export class Channels {
  readonly #root: HTMLDetailsElement;
  readonly #view: View;
  readonly #census: Census;
  readonly #list: HTMLElement;
  readonly #text: HTMLInputElement;
  readonly #suggestions: HTMLElement | null;
  readonly #rows = new Map<string, ChoiceRow>();
  readonly #heard = new Set<string>();
  #known: readonly Choice[] = [];
  #isAsked = false;
  #isLive = false;
  /** It is said that the figures are old. */
  #isOld = false;

  constructor(root: HTMLElement, view: View, suggestions = document.getElementById('known-channels')) {
    this.#root = root as HTMLDetailsElement;
    this.#view = view;
    this.#suggestions = suggestions;
    this.#list = part(root, 'list');
    const find = part<HTMLFormElement>(root, 'find');
    this.#text = find.elements.namedItem('text') as HTMLInputElement;
    this.#census = new Census(
      () => this.#root.open && !document.hidden,
      (known) => this.#learn(known),
      (sentence) => {
        // While the page is not live, that is said above, with the remedy.
        if (!this.#isLive) return;
        this.#isOld = true;
        this.#say(`These figures are not up to date. ${sentence}`);
      },
    );
    this.#text.addEventListener('input', () => this.#draw());
    find.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#chooseTyped();
    });
    root.addEventListener('toggle', () => this.#census.soon());
    document.addEventListener('visibilitychange', () => this.#census.soon());
    view.watch((changed) => {
      if (changed.has('channels')) this.#draw();
    });
    // On a phone the events come first.
    this.#root.open = matchMedia('(min-width: 60rem)').matches;
    this.#draw();
    this.#census.soon();
  }

  /** A channel that was never heard of before is in the list at once. */
  event({ channel }: PinstreamEvent): void {
    if (this.#heard.has(channel)) return;
    if (this.#heard.size >= MOST_HEARD) this.#heard.clear();
    this.#heard.add(channel);
    this.#suggest([channel]);
    this.#census.soon();
  }

  /** Whoever listens may have changed. */
  live(live: boolean): void {
    this.#isLive = live;
    if (live) this.#census.soon();
  }

  #learn(known: readonly Choice[]): void {
    this.#known = known;
    this.#isAsked = true;
    // Not what was said to somebody who is choosing: they are still reading it.
    if (this.#isOld) this.#say('');
    this.#isOld = false;
    this.#suggest(known.map(({ name }) => name).filter((name) => !isPattern(name)));
    this.#draw();
  }

  #chooseTyped(): void {
    const name = this.#text.value.trim();
    if (name === '') return;
    if (this.#choose(name, true)) {
      this.#text.value = '';
      this.#draw();
    }
  }

  #choose(name: string, isChosen: boolean): boolean {
    const others = this.#view.channels.filter((other) => other !== name);
    const channels = isChosen ? [...others, name] : others;
    const problem = isChosen ? choiceProblem(channels) : undefined;
    this.#say(problem ?? '');
    if (problem !== undefined) this.#draw();
    else this.#view.set({ channels });
    return problem === undefined;
  }

  #draw(): void {
    const chosen = this.#view.channels;
    const text = this.#text.value.trim();
    const { shown, found } = choicesOf(this.#known, chosen, text);
    this.#drawRows(shown);
    part(this.#root, 'columns').hidden = shown.length === 0;
    const summary = chosen.length === 0 ? 'all are shown' : `${chosen.length} chosen`;
    part(this.#root, 'summary').textContent = summary;
    this.#offer(text);
    const more = part(this.#root, 'more');
    more.textContent = this.#moreWords(shown.length, found, text);
    more.hidden = more.textContent === '';
  }

  /** Rows that stay are not touched: one of them may have the focus. */
  #drawRows(shown: readonly Choice[]): void {
    const names = new Set(shown.map(({ name }) => name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
    const chosen = new Set(this.#view.channels);
    let next = this.#list.firstElementChild;
    for (const choice of shown) {
      const { name } = choice;
      const row = this.#rows.get(name) ?? new ChoiceRow(name, (isChosen) => this.#choose(name, isChosen));
      this.#rows.set(name, row);
      row.show(choice, chosen.has(name));
      if (row.element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(row.element, next);
    }
  }

  /** What is typed can be chosen, whether it is there already or not. */
  #offer(text: string): void {
    const button = part(this.#root, 'choose');
    button.hidden = text === '' || this.#view.channels.includes(text);
    button.textContent = isPattern(text) ? 'Add pattern' : 'Add channel';
  }

  #moreWords(shown: number, found: number, text: string): string {
    if (found > shown) return `${figure(found)} match; the first ${shown} are shown.`;
    if (shown > 0 || !this.#isAsked) return '';
    return text === ''
      ? 'No channels yet: each is here from its first event on.'
      : `No channel is called “${text}” so far.`;
  }

  #say(text: string): void {
    const said = part(this.#root, 'said');
    write(said, text);
    said.classList.toggle('wrong', text !== '');
  }

  #suggest(names: readonly string[]): void {
    const { options } = (this.#suggestions ?? {}) as { options?: HTMLCollectionOf<HTMLOptionElement> };
    if (!options) return;
    const there = new Set([...options].map(({ value }) => value));
    for (const name of names) {
      if (there.size >= SUGGESTED) return;
      if (there.has(name)) continue;
      there.add(name);
      this.#suggestions?.append(el('option', { value: name }));
    }
  }
}
