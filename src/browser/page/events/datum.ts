import type { PinstreamEvent } from '../../client.ts';
import { el } from '../element.ts';
import { isJsonList, jsonLine, jsonTree, type Token, tokensOf } from './json.ts';
import { sentenceOf } from './sentence.ts';

/** How the data of an event is read: shortly, and whole when somebody wants to see it. */
export interface Reading {
  readonly brief: Node;
  readonly whole: () => Node;
}

const BRIEF_CHARACTERS = 200;
const BRIEF_LINES = 3;

export function readingOf({ channel, name, data }: PinstreamEvent): Reading {
  // Our own events on pins and the device carry their sentence.
  const sentence = sentenceOf(channel, name, data);
  if (sentence !== undefined)
    return { brief: document.createTextNode(sentence), whole: () => jsonTree(data) };
  if (data === '') {
    const nothing = () => el('span', { class: 'blank' }, 'no data');
    return { brief: nothing(), whole: nothing };
  }
  if (isJsonList(data)) return { brief: briefJson(data), whole: () => jsonTree(data) };
  return { brief: shown(briefText(data)), whole: () => shown(data) };
}

function briefText(data: string): string {
  const lines = data.split('\n', BRIEF_LINES + 1);
  const short = cut(lines.slice(0, BRIEF_LINES).join('\n'));
  return short === data ? data : `${short}…`;
}

function briefJson(data: string): Node {
  const brief: Token[] = [];
  let length = 0;
  for (const token of tokensOf(data)) {
    length += token.text.length + 1;
    if (length > BRIEF_CHARACTERS) {
      // The one that is too long is shown as far as it goes: it may be all that there is.
      brief.push({ ...token, text: cut(token.text) }, { kind: 'mark', text: '…' });
      break;
    }
    brief.push(token);
  }
  return jsonLine(brief);
}

/** Not in the middle of a character that takes two UTF-16 units. */
function cut(text: string): string {
  return text.length > BRIEF_CHARACTERS
    ? text.slice(0, BRIEF_CHARACTERS).replace(/[\ud800-\udbff]$/, '')
    : text;
}

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Controls, which have no shape of their own, as a sign with their name; all else as it is. */
function shown(text: string): Node {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const { 0: control, index } of text.matchAll(CONTROLS)) {
    if (index > from) out.append(text.slice(from, index));
    out.append(controlOf(control));
    from = index + 1;
  }
  out.append(text.slice(from));
  return out;
}

function controlOf(control: string): HTMLElement {
  const code = control.charCodeAt(0);
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const sign = code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
  return el('span', { class: 'control', title: name }, sign);
}
