import type { Gap, Listener } from '../../bus/bus.ts';
import { isPattern, matches } from '../../contract/channel.ts';
import { type Cursor, formatCursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';
import type { Audience, Member } from './audience.ts';
import { Audiences } from './audiences.ts';
import { cursorBlock, type Dialect, eventBlock, type Saying, sayingBlock } from './dialects.ts';
import { type Frame, frame } from './frame.ts';

/** A flush to so many streams is followed by a rest as long as it took, of so much at most. */
const MANY = 500;
const MOST_REST_MS = 250;

/**
 * Who listens to what, in this app, and how far it has heard. Events that come within one turn of the event loop leave as
 * one write for each stream; one that comes alone leaves in the same turn.
 */
export class Hub implements Listener {
  readonly #audiences = new Audiences();
  #dirty: Audience[] = [];
  #resting = false;
  /** Whether somebody has knocked since the last flush. */
  #knocked = false;
  #held: StoredEvent[] = [];
  #position: Cursor | undefined;

  /** How far this app has heard; undefined as long as the store could not be asked. */
  get position(): Cursor | undefined {
    return this.#position;
  }

  get audiences(): Iterable<Audience> {
    return this.#audiences.all;
  }

  /** How many streams, and long polls that wait, a channel reaches here. */
  reach(channel: string): number {
    let streams = 0;
    for (const { members } of this.#audiences.concernedBy(channel)) streams += members.size;
    return streams;
  }

  /** Somebody comes, or reads what it missed: it gets a rest after the next flush. */
  knock(): void {
    this.#knocked = true;
  }

  /**
   * Lets somebody hear all that comes after the position that it answers: with nothing in between and nothing twice, since
   * what is still waiting for this audience leaves first.
   */
  join(
    member: Member,
    channels: readonly string[],
    dialect: Dialect,
    rev = 0,
  ): { audience: Audience; position: Cursor } {
    if (!this.#position) throw new Error('The hub has not heard anything yet.');
    const audience = this.#audiences.of(channels, dialect, rev);
    this.#leave([audience]);
    audience.members.add(member);
    return { audience, position: this.#position };
  }

  leave(member: Member, audience: Audience): void {
    this.#audiences.leave(audience, member);
  }

  open(position: Cursor): void {
    this.#release();
    const before = this.#position;
    this.#position = position;
    if (!before) return;
    // The store is another one: what these streams have heard has no number there, and what is there they have not heard.
    this.#tell(this.#audiences.all, (dialect, rev) => {
      const gap = sayingBlock(dialect, { type: 'gap', reason: 'epoch' });
      return gap + cursorBlock(position.epoch, position.n, rev);
    });
  }

  event(event: StoredEvent): void {
    if (this.#resting) this.#held.push(event);
    else this.#take(event);
  }

  #take(event: StoredEvent): void {
    const { epoch } = this.#position as Cursor;
    this.#position = { epoch, n: event.n };
    const frames = new Map<Dialect, Frame>();
    for (const audience of this.#audiences.concernedBy(event.channel)) {
      const { dialect } = audience;
      const known = frames.get(dialect) ?? frame(eventBlock(dialect, epoch, event));
      frames.set(dialect, known);
      this.#push(audience, known);
    }
  }

  advance(n: number): void {
    this.#release();
    this.#position = { epoch: (this.#position as Cursor).epoch, n };
  }

  gap({ channel, until, certain }: Gap): void {
    this.#release();
    const cursor = formatCursor((this.#position as Cursor).epoch, until);
    const concerned = isPattern(channel)
      ? this.#listeningWithin(channel)
      : this.#audiences.concernedBy(channel);
    const saying: Saying = { type: 'gap', channel, until: cursor, certain };
    this.#tell(concerned, (dialect) => sayingBlock(dialect, saying));
  }

  /** Says to all that their stream lives, and how far it has come. */
  beat(): void {
    if (!this.#position) return;
    const { epoch, n } = this.#position;
    this.#tell(this.#audiences.all, (dialect, rev) =>
      sayingBlock(dialect, { type: 'ping', cursor: formatCursor(epoch, n, rev) }),
    );
  }

  /** Worded once for all who hear the same: for ten thousand audiences it would take longer than to write to them. */
  #tell(audiences: Iterable<Audience>, word: (dialect: Dialect, rev: number) => string): void {
    const frames = new Map<string, Frame | undefined>();
    for (const audience of audiences) {
      const { dialect, rev } = audience;
      const key = `${dialect} ${rev}`;
      if (!frames.has(key)) {
        const text = word(dialect, rev);
        frames.set(key, text === '' ? undefined : frame(text));
      }
      const one = frames.get(key);
      if (one) this.#push(audience, one);
    }
  }

  #push(audience: Audience, one: Frame): void {
    if (!audience.push(one)) return;
    if (this.#dirty.push(audience) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#leave(dirty);
  }

  #leave(audiences: readonly Audience[]): void {
    const began = performance.now();
    let streams = 0;
    for (const audience of audiences) {
      streams += audience.members.size;
      audience.flush();
    }
    if (streams < MANY) return;
    if (this.#knocked) this.#rest(performance.now() - began);
    this.#knocked = false;
  }

  /**
   * After a flush to many the others get as long, if there are any: who knocks, who reads what it missed. Node lets in one
   * connection in a turn of the event loop, and with a flush in each of them thousands who come back would stand there for
   * minutes. What is heard meanwhile leaves as one write.
   */
  #rest(took: number): void {
    if (this.#resting) return;
    this.#resting = true;
    setTimeout(() => this.#release(), Math.min(took, MOST_REST_MS));
  }

  #release(): void {
    this.#resting = false;
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.#take(event);
  }

  /** Nobody knows which of the channels that a pattern means have lost something: all who listen to any may have. */
  #listeningWithin(pattern: string): Audience[] {
    return [...this.#audiences.all].filter(({ channels }) =>
      channels.some((name) => isPattern(name) || matches(pattern, name)),
    );
  }
}
