import { el } from '../element.ts';

/** Below it some events are left out: the stream begins with the last ones of each channel. */
export function sparseRow(fill: () => void): HTMLElement {
  const button = el('button', { type: 'button', class: 'small' }, 'Fill in');
  button.addEventListener('click', fill);
  return el(
    'li',
    { class: 'sparse' },
    el('span', {}, 'From here on only the last events of each channel are shown.'),
    button,
  );
}
