import type { Gap, Listener } from '../../bus/bus.ts';
import { isPattern, matches } from '../../contract/channel.ts';
import { type Cursor, formatCursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';
import type { Audience, Member } from './audience.ts';
import { Audiences } from './audiences.ts';
import { cursorBlock, type Dialect, eventBlock, type Saying, sayingBlock } from './dialects.ts';
import { type Frame, frame } from './frame.ts';

/**
 * Who listens to what, in this app, and how far it has heard. Events that come within one turn of the event loop leave as
 * one write for each stream; one that comes alone leaves in the same turn.
 */
export class Hub implements Listener {
  readonly #audiences = new Audiences();
  #dirty: Audience[] = [];
  #position: Cursor | undefined;

  /** How far this app has heard; undefined as long as the store could not be asked. */
  get position(): Cursor | undefined {
    return this.#position;
  }

  get audiences(): Iterable<Audience> {
    return this.#audiences.all;
  }

  /**
   * Lets somebody hear all that comes after the position that it answers: with nothing in between and nothing twice, since
   * what is still waiting for this audience leaves first.
   */
  join(
    member: Member,
    channels: readonly string[],
    dialect: Dialect,
  ): { audience: Audience; position: Cursor } {
    if (!this.#position) throw new Error('The hub has not heard anything yet.');
    const audience = this.#audiences.of(channels, dialect);
    audience.flush();
    audience.members.add(member);
    return { audience, position: this.#position };
  }

  leave(member: Member, audience: Audience): void {
    this.#audiences.leave(audience, member);
  }

  open(position: Cursor): void {
    const before = this.#position;
    this.#position = position;
    if (!before) return;
    // The store is another one: what these streams have heard has no number there, and what is there they have not heard.
    for (const audience of this.#audiences.all) {
      this.#say(audience, { type: 'gap', reason: 'epoch' });
      this.#push(audience, frame(cursorBlock(position.epoch, position.n)));
    }
  }

  event(event: StoredEvent): void {
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

  skip(n: number): void {
    this.#position = { epoch: (this.#position as Cursor).epoch, n };
  }

  gap({ channel, until, certain }: Gap): void {
    const cursor = formatCursor((this.#position as Cursor).epoch, until);
    const concerned = isPattern(channel)
      ? this.#listeningWithin(channel)
      : this.#audiences.concernedBy(channel);
    for (const audience of concerned) this.#say(audience, { type: 'gap', channel, until: cursor, certain });
  }

  /** Says to all that their stream lives, and how far it has come. */
  beat(): void {
    if (!this.#position) return;
    const cursor = formatCursor(this.#position.epoch, this.#position.n);
    for (const audience of this.#audiences.all) this.#say(audience, { type: 'ping', cursor });
  }

  #say(audience: Audience, saying: Saying): void {
    const text = sayingBlock(audience.dialect, saying);
    if (text !== '') this.#push(audience, frame(text));
  }

  #push(audience: Audience, one: Frame): void {
    if (!audience.push(one)) return;
    if (this.#dirty.push(audience) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const audience of dirty) audience.flush();
  }

  /** Nobody knows which of the channels that a pattern means have lost something: all who listen to any may have. */
  #listeningWithin(pattern: string): Audience[] {
    return [...this.#audiences.all].filter(({ channels }) =>
      channels.some((name) => isPattern(name) || matches(pattern, name)),
    );
  }
}
