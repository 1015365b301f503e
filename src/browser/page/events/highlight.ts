import { el } from '../element.ts';

/** Marks each place where a text is found, across the elements that it is made of; answers how many there are. */
export function highlight(root: HTMLElement, wanted: RegExp): number {
  const nodes: { readonly node: Text; readonly from: number }[] = [];
  let text = '';
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    nodes.push({ node: node as Text, from: text.length });
    text += (node as Text).data;
  }
  // It may have been left in the middle of another text.
  wanted.lastIndex = 0;
  const found = [...text.matchAll(wanted)].filter(([piece]) => piece !== '').slice(0, MOST);
  // From the end, so that what is cut off does not move what is still to be marked.
  for (const { node, from } of nodes.reverse()) {
    for (let i = found.length - 1; i >= 0; i--) {
      const match = found[i] as RegExpExecArray;
      mark(node, match.index - from, match.index - from + match[0].length);
    }
  }
  return found.length;
}

/** Of one letter there may be thousands in an event; nobody counts them. */
const MOST = 200;

function mark(node: Text, from: number, to: number): void {
  const start = Math.max(0, from);
  const end = Math.min(node.data.length, to);
  if (start >= end) return;
  node.splitText(end);
  const piece = start > 0 ? node.splitText(start) : node;
  const whole = el('mark');
  piece.replaceWith(whole);
  whole.append(piece);
}
