/** Making and finding elements. Texts become text nodes, never HTML: whatever an event carries, it is only shown. */

type Attributes = { readonly [name: string]: string | undefined };

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Only what has changed is written: writing costs, and some of it is read out. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/** What a section of the page calls `data-part="name"`. */
export function part<Type extends HTMLElement>(root: HTMLElement, name: string): Type {
  const found = root.querySelector<Type>(`[data-part="${name}"]`);
  if (!found) throw new Error(`#${root.id} has no part "${name}".`);
  return found;
}
