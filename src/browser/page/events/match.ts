import { matcher } from '../../client/pattern.ts';
import type { PinstreamEvent } from '../../client.ts';
import { sentenceOf } from './sentence.ts';

/** A wanted text as an expression, whatever characters it has; undefined: nothing is searched for. */
export function searchOf(text: string): RegExp | undefined {
  if (text === '') return undefined;
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu');
}

/** Whether an event has the wanted text where a reader would look: in its data, its name or its channel. */
export function isFound({ channel, name, data }: PinstreamEvent, wanted: RegExp): boolean {
  if (has(channel, wanted) || has(name, wanted) || has(data, wanted)) return true;
  const sentence = sentenceOf(channel, name, data);
  return sentence !== undefined && has(sentence, wanted);
}

function has(text: string, wanted: RegExp): boolean {
  wanted.lastIndex = 0;
  return wanted.test(text);
}

/** Whether a channel is among the chosen names and patterns; all are, when none was chosen. */
export function chosenOf(choice: readonly string[]): (channel: string) => boolean {
  if (choice.length === 0) return () => true;
  const names = new Set(choice.filter((name) => !name.includes('*')));
  const patterns = choice.filter((name) => name.includes('*')).map(matcher);
  return (channel) => names.has(channel) || patterns.some((meant) => meant(channel));
}

/** What stands around the first place where the text is found, for data that is too long to be shown. */
export function excerptOf(data: string, wanted: RegExp, around = 60): string {
  wanted.lastIndex = 0;
  const found = wanted.exec(data);
  if (!found) return '';
  const from = Math.max(0, found.index - around);
  const to = found.index + found[0].length + around;
  const piece = data
    .slice(from, to)
    .replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '')
    .replace(/\s+/g, ' ');
  return `${from > 0 ? '…' : ''}${piece}${to < data.length ? '…' : ''}`;
}
