import type { Audience } from './audience.ts';
import { Gathering } from './gathering.ts';

/** A channel or pattern that somebody here listens to, and who does. */
export class ListenedName {
  readonly text: string;
  readonly audiences = new Gathering<Audience>();

  /** The text is copied: what it was cut out of, the whole address of a request, would be held as long as this name. */
  constructor(text: string) {
    this.text = Buffer.from(text).toString();
  }
}
