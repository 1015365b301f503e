import { chosenOf } from '../events/match.ts';
import { figure } from '../figure.ts';

/** A channel or pattern that can be chosen. */
export interface Choice {
  readonly name: string;
  /** In its log; of a pattern that is not known. */
  readonly events: number | undefined;
  /** The streams that it reaches, or that named the pattern. */
  readonly streams: number;
}

/** What is drawn at most: nobody reads more, and the filter finds the others. */
const MOST_DRAWN = 200;

/** What the list shows: patterns first, then channels, those that the text finds. The chosen ones are always among the rest. */
export function choicesOf(
  known: readonly Choice[],
  chosen: readonly string[],
  text: string,
): { readonly shown: readonly Choice[]; readonly found: number } {
  const isFound = finder(text.trim());
  const names = new Set(known.map(({ name }) => name));
  const unknown = chosen
    .filter((name) => !names.has(name))
    .map((name): Choice => ({ name, events: isPattern(name) ? undefined : 0, streams: 0 }));
  const found = [...unknown, ...known].filter(({ name }) => isFound(name));
  const ordered = [
    ...found.filter(({ name }) => isPattern(name)),
    ...found.filter(({ name }) => !isPattern(name)),
  ];
  return { shown: ordered.slice(0, MOST_DRAWN), found: found.length };
}

/** A part of a name; or the whole of it, with `*` for any text. */
function finder(text: string): (name: string) => boolean {
  if (text.includes('*')) {
    const isMeant = chosenOf([text]);
    return (name) => name === text || isMeant(name);
  }
  const part = text.toLowerCase();
  return (name) => name.toLowerCase().includes(part);
}

export function isPattern(name: string): boolean {
  return name.includes('*');
}

export function eventsInWords(events: number): string {
  return events === 1 ? '1 event' : `${figure(events)} events`;
}

export function streamsInWords(streams: number): string {
  if (streams === 0) return 'nobody listens';
  return streams === 1 ? '1 stream listens' : `${figure(streams)} streams listen`;
}

/** A thousand and more stand in a narrow column. */
export function shortFigure(count: number): string {
  if (count < 10_000) return String(count);
  return count < 1_000_000 ? `${Math.floor(count / 1_000)}k` : `${Math.floor(count / 100_000) / 10}M`;
}
