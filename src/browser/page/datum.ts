import { el } from './element.ts';

/** How the data of an event is read: shortly, and whole when somebody wants to see it. */
export interface Reading {
  readonly brief: Node;
  /** Left out when the brief one is all there is. */
  readonly whole?: () => Node;
}

const BRIEF_CHARACTERS = 200;
const BRIEF_LINES = 3;

export function read(data: string): Reading {
  if (data === '') return { brief: el('span', { class: 'blank' }, 'no data') };
  return isJsonList(data) ? readJson(data) : readText(data);
}

/** Our own events on pins and the device carry their sentence. */
export function readSentence(sentence: string, data: string): Reading {
  return { brief: document.createTextNode(sentence), whole: () => json(tokensOf(data), true) };
}

function readText(data: string): Reading {
  const lines = data.split('\n', BRIEF_LINES + 1);
  const short = cut(lines.slice(0, BRIEF_LINES).join('\n'));
  if (short === data) return { brief: document.createTextNode(data) };
  return { brief: document.createTextNode(`${short}…`), whole: () => document.createTextNode(data) };
}

function readJson(data: string): Reading {
  const tokens = tokensOf(data);
  const brief: Token[] = [];
  let length = 0;
  for (const token of tokens) {
    length += token.text.length + 1;
    if (length > BRIEF_CHARACTERS) {
      // The one that is too long is shown as far as it goes: it may be all that there is.
      brief.push({ ...token, text: cut(token.text) }, { kind: 'mark', text: '…' });
      return { brief: json(brief, false), whole: () => json(tokensOf(data), true) };
    }
    brief.push(token);
  }
  return { brief: json(brief, false) };
}

function isJsonList(data: string): boolean {
  if (!/^\s*[[{]/.test(data)) return false;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

/** Not in the middle of a character that takes two UTF-16 units. */
function cut(text: string): string {
  return text.length > BRIEF_CHARACTERS
    ? text.slice(0, BRIEF_CHARACTERS).replace(/[\ud800-\udbff]$/, '')
    : text;
}

interface Token {
  readonly kind: 'key' | 'text' | 'number' | 'word' | 'mark';
  readonly text: string;
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],])/g;

/** The tokens as they were written: JSON.parse would round large numbers. */
function* tokensOf(data: string): Generator<Token> {
  for (const [, text, colon, number, word, mark] of data.matchAll(TOKEN)) {
    if (text !== undefined) yield { kind: colon ? 'key' : 'text', text };
    else if (number !== undefined) yield { kind: 'number', text: number };
    else if (word !== undefined) yield { kind: 'word', text: word };
    else if (mark !== undefined) yield { kind: 'mark', text: mark };
  }
}

const DEEPEST_INDENT = 16;

/** JSON in one line, or with a line for each member. */
function json(tokens: Iterable<Token>, spread: boolean): Node {
  const out = document.createDocumentFragment();
  let depth = 0;
  let last = '';
  for (const { kind, text } of tokens) {
    if (closes(text)) depth--;
    if (spread && beginsLine(last, text)) out.append(`\n${'  '.repeat(Math.min(depth, DEEPEST_INDENT))}`);
    if (!spread && last === ',') out.append(' ');
    out.append(kind === 'mark' ? text : el('span', { class: `json-${kind}` }, text));
    if (kind === 'key') out.append(': ');
    if (opens(text)) depth++;
    last = text;
  }
  return out;
}

function beginsLine(last: string, text: string): boolean {
  if (opens(last)) return !closes(text);
  return last === ',' || closes(text);
}

function opens(text: string): boolean {
  return text === '{' || text === '[';
}

function closes(text: string): boolean {
  return text === '}' || text === ']';
}
