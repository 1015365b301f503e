import { el } from '../element.ts';

/**
 * Copies a text. Browsers give pages their clipboard on https and localhost only; on a Pi in the house there is plain http, and
 * the old way; and where that is refused too, the text stands selected, to be copied by hand. false: it came to that.
 */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (copyFromField(text)) return true;
    showSelected(text);
    return false;
  }
}

function copyFromField(text: string): boolean {
  const focused = document.activeElement;
  const field = el('textarea', { class: 'aside', readonly: '', 'aria-hidden': 'true', tabindex: '-1' });
  field.value = text;
  document.body.append(field);
  field.select();
  let done = false;
  try {
    done = document.execCommand('copy');
  } catch {
    // The same as an answer that it was not done.
  }
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}

function showSelected(text: string): void {
  const field = el('textarea', {
    readonly: '',
    rows: '8',
    'aria-label': 'The text to copy',
    spellcheck: 'false',
  });
  field.value = text;
  const close = el('button', { type: 'button', class: 'primary' }, 'Close');
  const dialog = el(
    'dialog',
    { class: 'copying', 'aria-labelledby': 'copying-title' },
    el('h2', { id: 'copying-title' }, 'Copy it by hand'),
    el(
      'p',
      {},
      'This browser does not let the page copy. The text is selected: press Ctrl+C, or hold it with a finger.',
    ),
    field,
    el('div', { class: 'act' }, close),
  );
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  field.select();
}

/** A button that copies, and says for a moment that it did. What it says is spoken, since it has the focus. */
export function copyButton(words: string, text: () => string): HTMLButtonElement {
  const said = el('span', { role: 'status' });
  const button = el('button', { type: 'button', class: 'copy' }, el('span', {}, words), said);
  let back: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener('click', async () => {
    if (!(await copy(text()))) return;
    said.textContent = 'Copied';
    button.classList.add('done');
    clearTimeout(back);
    back = setTimeout(() => {
      said.textContent = '';
      button.classList.remove('done');
    }, 2_000);
  });
  return button;
}
