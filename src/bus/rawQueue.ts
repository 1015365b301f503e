/** Adoptions that are noted while a marker is out. */
const MOST_EARLY = 10_000;

/** A raw publish that was heard and has no number yet, or a marker among them. */
export interface RawItem {
  readonly channel: string;
  readonly text: string;
  readonly marker?: string;
  /** The keeper has sent it to the log, and waits for the doorbell to say so. */
  sent: boolean;
}

/**
 * The raw publishes that an app has heard and that nobody is known to have adopted. Every app keeps them, so that the next
 * keeper can go on. Each adopted event takes the oldest equal one out, at the keeper too.
 *
 * An app that has just subscribed may hear of adoptions whose publish it never heard; were these to take an equal, later
 * publish out, that one would be lost. So nothing is taken until a marker of its own has come back through the keeper: all
 * that was published before the marker is adopted by then, and leaves together with it.
 */
export class RawQueue {
  #items: RawItem[] = [];
  #marker: string | undefined;
  #early: [channel: string, text: string][] = [];

  get length(): number {
    return this.#items.length;
  }

  /** Whether this queue is in step with the keeper's. */
  get settled(): boolean {
    return this.#marker === undefined;
  }

  push(channel: string, text: string): void {
    this.#items.push({ channel, text, sent: false });
  }

  /** A marker was heard among the raw publishes: this app's or another one's. */
  pushMarker(marker: string): void {
    this.#items.push({ channel: '', text: '', marker, sent: false });
  }

  /** This app has subscribed anew, and will send this marker. */
  unsettle(marker: string): void {
    if (this.#marker === undefined) this.#early = [];
    this.#marker = marker;
  }

  /** An event was adopted, or dropped for good. */
  take(channel: string, text: string): void {
    if (this.#marker !== undefined) {
      if (this.#early.length < MOST_EARLY) this.#early.push([channel, text]);
      return;
    }
    const found = this.#items.findIndex(
      (item) => item.marker === undefined && item.channel === channel && item.text === text,
    );
    if (found >= 0) this.#items.splice(found, 1);
  }

  /** The keeper has come to a marker: all before it is adopted. */
  passed(marker: string): void {
    const found = this.#items.findIndex((item) => item.marker === marker);
    if (marker === this.#marker) {
      this.#items.splice(0, found + 1);
      this.#marker = undefined;
      this.#early = [];
    } else if (found >= 0) {
      this.#items.splice(found, 1);
    }
  }

  /** There is no keeper who could send the marker back: what was heard of adoptions is all there is to go by. */
  settleAlone(): void {
    if (this.#marker === undefined) return;
    this.#marker = undefined;
    for (const [channel, text] of this.#early) this.take(channel, text);
    this.#early = [];
  }

  /** What the keeper has not sent yet, oldest first. */
  unsent(most: number): RawItem[] {
    const found: RawItem[] = [];
    for (const item of this.#items) {
      if (found.length === most) break;
      if (!item.sent) found.push(item);
    }
    return found;
  }

  /** What was sent and not heard of since may have been lost: it is sent again. */
  forgetSent(): void {
    for (const item of this.#items) item.sent = false;
  }
}
