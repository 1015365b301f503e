import { el, write } from '../element.ts';
import { hueOf } from '../events/hue.ts';
import { type Choice, eventsInWords, isPattern, shortFigure, streamsInWords } from './choices.ts';

/** A channel or pattern in the list: chosen or not, with its figures, which are words for who hears the page. */
export class ChoiceRow {
  readonly element: HTMLLIElement;
  readonly #name: string;
  readonly #box = el('input', { type: 'checkbox' });
  readonly #events = el('span', { class: 'count', 'aria-hidden': 'true' });
  readonly #streams = el('span', { class: 'count', 'aria-hidden': 'true' });

  constructor(name: string, choose: (chosen: boolean) => void) {
    this.#name = name;
    this.#box.addEventListener('change', () => choose(this.#box.checked));
    this.element = el(
      'li',
      isPattern(name) ? { class: 'pattern' } : {},
      el(
        'label',
        { class: 'choice', title: name },
        this.#box,
        el('span', { class: 'hue', 'data-hue': String(hueOf(name)), 'aria-hidden': 'true' }),
        el('span', { class: 'choice-name' }, el('bdi', {}, name), ...kindOf(name)),
        this.#events,
        this.#streams,
      ),
    );
  }

  show({ events, streams }: Choice, isChosen: boolean): void {
    this.#box.checked = isChosen;
    write(this.#events, events === undefined ? '' : shortFigure(events));
    write(this.#streams, shortFigure(streams));
    const heard = streamsInWords(streams);
    const words = events === undefined ? [this.#name, heard] : [this.#name, eventsInWords(events), heard];
    this.#box.setAttribute('aria-label', words.join(', '));
    this.#streams.title = heard;
    this.#events.title = events === undefined ? '' : `${eventsInWords(events)} in the log`;
    this.element.classList.toggle('unheard', streams === 0);
  }
}

function kindOf(name: string): Node[] {
  if (!isPattern(name)) return [];
  return [el('span', { class: 'kind' }, name === '*' ? 'every channel' : 'pattern')];
}
