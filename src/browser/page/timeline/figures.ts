import { el, part } from '../element.ts';
import { HOURS, type Hour } from './hours.ts';
import type { Lane } from './lane.ts';
import { countWords, hourName, summary } from './words.ts';

/** Who listens to a page is not talked to without end, and nobody reads faster. */
const EVERY_MS = 10_000;

/** What the plot shows, in words and figures: a sentence for each pin, and a table of the hours for who asks for it. */
export class Figures {
  readonly #summary: HTMLElement;
  readonly #table: HTMLElement;
  readonly #button: HTMLElement;
  #told = Number.NEGATIVE_INFINITY;

  constructor(root: HTMLElement, changed: () => void) {
    this.#summary = part(root, 'summary');
    this.#table = part(root, 'table');
    this.#button = part(root, 'figures');
    this.#button.addEventListener('click', () => {
      this.#table.hidden = !this.#table.hidden;
      this.#button.setAttribute('aria-expanded', String(!this.#table.hidden));
      this.#told = Number.NEGATIVE_INFINITY;
      changed();
    });
  }

  /** `anew`: at once, since the device or the log has said something. */
  show(lanes: readonly Lane[], now: number, anew: boolean): void {
    if (!anew && performance.now() - this.#told < EVERY_MS) return;
    this.#told = performance.now();
    this.#summary.replaceChildren(...lanes.map((lane) => el('li', { dir: 'auto' }, summary(lane, now))));
    if (!this.#table.hidden) this.#table.replaceChildren(tableOf(lanes, now));
  }
}

/** The present hour first. */
function tableOf(lanes: readonly Lane[], now: number): HTMLElement {
  const inputs = lanes.filter(({ direction }) => direction === 'in');
  if (inputs.length === 0)
    return el('p', { class: 'empty' }, 'Outputs are not counted, and no other pin is there.');
  const counted = inputs.map((lane) => lane.hours(now));
  const head = el(
    'tr',
    {},
    el('th', { scope: 'col' }, 'Hour'),
    ...inputs.map(({ name }) => el('th', { scope: 'col', dir: 'auto' }, name)),
  );
  const rows = Array.from({ length: HOURS }, (_, i) => {
    const index = HOURS - 1 - i;
    const row = counted.map((hours) => hours[index] as Hour);
    const cells = row.map((hour) => el('td', {}, countWords(hour, i === 0, String)));
    return el('tr', {}, el('th', { scope: 'row' }, hourName(row[0] as Hour)), ...cells);
  });
  const caption = el('caption', {}, 'Presses in each hour of the last day');
  return el('table', {}, caption, el('thead', {}, head), el('tbody', {}, ...rows));
}
