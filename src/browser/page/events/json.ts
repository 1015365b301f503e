import { el } from '../element.ts';

/** JSON for reading: in one line, or as a tree with a line for each member. */

export interface Token {
  readonly kind: 'key' | 'text' | 'number' | 'word' | 'mark';
  readonly text: string;
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],])/g;

/** The tokens as they were written: JSON.parse would round large numbers. */
export function* tokensOf(data: string): Generator<Token> {
  for (const [, text, colon, number, word, mark] of data.matchAll(TOKEN)) {
    if (text !== undefined) yield { kind: colon ? 'key' : 'text', text };
    else if (number !== undefined) yield { kind: 'number', text: number };
    else if (word !== undefined) yield { kind: 'word', text: word };
    else if (mark !== undefined) yield { kind: 'mark', text: mark };
  }
}

export function isJsonList(data: string): boolean {
  if (!/^\s*[[{]/.test(data)) return false;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

export function jsonLine(tokens: Iterable<Token>): Node {
  const out = document.createDocumentFragment();
  let last = '';
  for (const token of tokens) {
    if (last === ',') out.append(' ');
    out.append(nodeOf(token), token.kind === 'key' ? ': ' : '');
    last = token.text;
  }
  return out;
}

const DEEPEST_INDENT = 16;
/** Beyond it a tree is no help, and its elements would weigh on the page. */
const MOST_LINES = 2_000;

/** A line for each member, set in by its depth; a long line goes on below its own beginning. */
export function jsonTree(data: string): Node {
  const lines = linesOf(data);
  const indented = ({ depth, tokens }: Line) =>
    `${'  '.repeat(depth)}${tokens.map(({ kind, text }) => (kind === 'key' ? `${text}: ` : text)).join('')}\n`;
  if (lines.length > MOST_LINES) return document.createTextNode(lines.map(indented).join(''));
  const out = document.createDocumentFragment();
  for (const { depth, tokens } of lines) {
    const line = el('span', { class: 'json-line' });
    line.style.setProperty('--depth', String(depth));
    for (const token of tokens) line.append(nodeOf(token), token.kind === 'key' ? ': ' : '');
    line.append('\n');
    out.append(line);
  }
  return out;
}

export interface Line {
  readonly depth: number;
  readonly tokens: Token[];
}

export function linesOf(data: string): Line[] {
  const lines: Line[] = [];
  let depth = 0;
  let last = '';
  for (const token of tokensOf(data)) {
    if (closes(token.text)) depth--;
    const line = lines.at(-1);
    if (line && !beginsLine(last, token.text)) line.tokens.push(token);
    else lines.push({ depth: Math.min(depth, DEEPEST_INDENT), tokens: [token] });
    if (opens(token.text)) depth++;
    last = token.text;
  }
  return lines;
}

function nodeOf({ kind, text }: Token): Node | string {
  return kind === 'mark' ? text : el('span', { class: `json-${kind}` }, text);
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
