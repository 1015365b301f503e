import { el, part } from './element.ts';
import type { Feed } from './feed.ts';
import { SPANS } from './timeline/spans.ts';
import { isTyping } from './typing.ts';
import type { View } from './view.ts';

/** A key, what it does in words, and how. */
export interface Shortcut {
  /** As `event.key` has it. */
  readonly keys: readonly string[];
  readonly shown: string;
  readonly does: string;
  readonly act: (key: string) => void;
}

/** Keys of the page as a whole. They are listed behind the `?` at its top, and mean nothing while somebody types. */
export class Shortcuts {
  readonly #dialog: HTMLDialogElement;
  readonly #shortcuts: readonly Shortcut[];

  constructor(dialog: HTMLDialogElement, opener: HTMLElement, shortcuts: readonly Shortcut[]) {
    this.#dialog = dialog;
    const open = () => this.#dialog.showModal();
    this.#shortcuts = [...shortcuts, { keys: ['?'], shown: '?', does: 'These keys', act: open }];
    opener.addEventListener('click', open);
    document.addEventListener('keydown', (event) => this.#hear(event));
    const list = part(dialog, 'keys');
    for (const { shown, does } of [...this.#shortcuts, ...BUILT_IN]) {
      const keys = shown.split(' ').map((key) => (key === '–' ? key : el('kbd', {}, key)));
      list.append(el('div', {}, el('dt', {}, ...keys), el('dd', {}, does)));
    }
  }

  #hear(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const meant = this.#shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!meant) return;
    // Else a key that goes to a field is also typed into it.
    event.preventDefault();
    meant.act(event.key);
  }
}

/** What the keys do here. */
export function pageShortcuts(feed: Feed, view: View): Shortcut[] {
  const spans = SPANS.map(({ word }) => word);
  return [
    { keys: ['p'], shown: 'p', does: 'Pause the events, and go on', act: () => feed.togglePause() },
    { keys: ['/'], shown: '/', does: 'Search the events', act: () => feed.focusSearch() },
    {
      keys: spans.map((_, i) => String(i + 1)),
      shown: `1 – ${spans.length}`,
      does: `The timeline's span: ${SPANS.map(({ title }) => title).join(', ')}`,
      act: (key) => view.set({ span: spans[Number(key) - 1] }),
    },
  ];
}

/** What works where it stands, and is only told here. */
const BUILT_IN: readonly Pick<Shortcut, 'shown' | 'does'>[] = [
  { shown: 'Space', does: 'Hold a button, turn a switch, that has the focus' },
  { shown: 'Ctrl Enter', does: 'Publish what is in the form' },
];
