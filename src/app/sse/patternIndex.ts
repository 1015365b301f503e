import { matches } from '../../contract/channel.ts';
import { Gathering } from './gathering.ts';
import { TextEdges } from './textEdges.ts';

/** So many with the same beginning are compared one by one. */
const FEW = 8;

interface Pattern {
  readonly text: string;
}

type ByEnd<T> = TextEdges<Gathering<T>>;

/**
 * Finds the patterns that mean a channel without comparing it with all of them. A pattern means only channels that begin with
 * what stands before its first `*`, and end with what follows its last one: they are filed by the former, and, where many have
 * that in common, by the latter. Only those that have both in common, as `*a*` and `*b*`, are all compared.
 */
export class PatternIndex<T extends Pattern> {
  readonly #byBeginning = new TextEdges<Gathering<T> | ByEnd<T>>();

  add(pattern: T): void {
    const beginning = beginningOf(pattern);
    let alike = this.#byBeginning.get(beginning);
    if (alike instanceof Gathering && alike.size >= FEW) {
      const few = alike;
      alike = new TextEdges();
      for (const one of few) addByEnd(alike, one);
      this.#byBeginning.set(beginning, alike);
    }
    if (alike instanceof TextEdges) addByEnd(alike, pattern);
    else if (alike) alike.add(pattern);
    else this.#byBeginning.set(beginning, new Gathering(pattern));
  }

  delete(pattern: T): void {
    const beginning = beginningOf(pattern);
    const alike = this.#byBeginning.get(beginning);
    if (alike instanceof TextEdges) deleteByEnd(alike, pattern);
    else alike?.delete(pattern);
    if (alike?.size === 0) this.#byBeginning.delete(beginning);
  }

  /** Those that mean a channel, each once. */
  meaning(channel: string): T[] {
    const found: T[] = [];
    for (const alike of this.#byBeginning.beginning(channel)) {
      for (const list of alike instanceof TextEdges ? alike.ending(channel) : [alike]) {
        for (const pattern of list) if (matches(pattern.text, channel)) found.push(pattern);
      }
    }
    return found;
  }
}

function addByEnd<T extends Pattern>(byEnd: ByEnd<T>, pattern: T): void {
  const end = endOf(pattern);
  const alike = byEnd.get(end);
  if (alike) alike.add(pattern);
  else byEnd.set(end, new Gathering(pattern));
}

function deleteByEnd<T extends Pattern>(byEnd: ByEnd<T>, pattern: T): void {
  const end = endOf(pattern);
  const alike = byEnd.get(end);
  alike?.delete(pattern);
  if (alike?.size === 0) byEnd.delete(end);
}

function beginningOf({ text }: Pattern): string {
  return text.slice(0, text.indexOf('*'));
}

function endOf({ text }: Pattern): string {
  return text.slice(text.lastIndexOf('*') + 1);
}
