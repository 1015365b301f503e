import { setTimeout as sleep } from 'node:timers/promises';
import type { Gap, Page } from '../../bus/bus.ts';
import type { Owed } from '../../bus/sessions.ts';
import { afterOf, type Cursor, formatCursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';
import { overlap } from '../access/rules.ts';
import type { Audience } from './audience.ts';
import type { Connection } from './connection.ts';
import { cursorBlock, type Dialect, eventBlock, missedBlock, type Saying, sayingBlock } from './dialects.ts';
import { type Frame, frame } from './frame.ts';
import { heardUpTo } from './heardUpTo.ts';
import type { Hub } from './hub.ts';
import { pageFrames, SLICE, slices } from './pageFrames.ts';
import type { EventLog } from './replay.ts';
import { isAmong, isOwed } from './sessionRecord.ts';
import { StoreChanged } from './storeChanged.ts';

/** Where a connection shall listen. */
export interface Place {
  readonly channels: readonly string[];
  readonly dialect: Dialect;
  /** The change of its session's channels that these came with; 0 without one. */
  readonly rev: number;
}

const LOOK_MS = 10;

/**
 * Brings a connection to where it hears live, without a gap or a double: joining the hub says how far the hub has heard (h);
 * what the reader lacks up to there is read from the log; what comes after it waits at the connection meanwhile.
 *
 * The reader's cursor moves to h only when all before it is written. Were it told earlier, a cut in between would skip it.
 */
export class CatchUp {
  readonly audience: Audience;
  /** h, when it began. */
  readonly position: Cursor;
  readonly #connection: Connection;
  readonly #hub: Hub;
  readonly #log: EventLog;
  readonly #told = new Map<string, number>();
  #upTo: number;

  private constructor(connection: Connection, hub: Hub, log: EventLog, audience: Audience, position: Cursor) {
    this.#connection = connection;
    this.#hub = hub;
    this.#log = log;
    this.audience = audience;
    this.position = position;
    this.#upTo = position.n;
  }

  /** Takes the connection from where it listened, if it did, to its new place. Nothing live is written from here on. */
  static begin(connection: Connection, hub: Hub, log: EventLog, { channels, dialect, rev }: Place): CatchUp {
    const { audience: before } = connection;
    before?.flush(); // what came up to now is still for the place before
    connection.startOver();
    if (before) hub.leave(connection, before);
    const { audience, position } = hub.join(connection, channels, dialect, rev);
    connection.audience = audience;
    return new CatchUp(connection, hub, log, audience, position);
  }

  say(saying: Saying): void {
    const text = sayingBlock(this.audience.dialect, saying);
    if (text !== '') this.#connection.write(frame(text));
  }

  /** Begins further on, when the reader has heard so far from elsewhere: what this app hears up to there is not for it. */
  async reach(n: number): Promise<void> {
    if (n <= this.#upTo) return;
    await heardUpTo(this.#hub, this.#log, { epoch: this.position.epoch, n });
    this.#lap();
  }

  /**
   * Writes what is owed up to a number, without ids: the reader's cursor is beyond it. Then says that this was all. `had`: what
   * the connection listened to so far. A gap that reaches beyond that number is left to `follow`, which has to get there.
   */
  async backfill(owed: readonly Owed[], upTo: number, had: readonly string[] = []): Promise<void> {
    const { epoch } = this.position;
    const wanted = owed.map((one) => ({ ...one, after: afterOf(one.since, epoch) ?? 0 }));
    if (owed.some(({ since }) => afterOf(since, epoch) === undefined))
      this.say({ type: 'gap', reason: 'epoch' });
    const channels = [...new Set(owed.map(({ channel }) => channel))];
    const isMissed = (channel: string, n: number) => isOwed(wanted, channel, n) && !isAmong(had, channel);
    const listened = (channel: string) => isAmong(this.audience.channels, channel);
    // A gap may be told of a pattern.
    const touched = (name: string) => this.audience.channels.some((channel) => overlap(channel, name));
    let after = Math.min(upTo, ...wanted.map((one) => one.after));
    let beyond = 0;
    while (after < upTo && !this.#connection.closed) {
      const page = await this.#read(channels, after, upTo);
      for (const gap of page.gaps.filter(
        ({ channel, until }) => isMissed(channel, until) && touched(channel),
      )) {
        if (gap.until <= upTo) this.#tell(gap);
        else beyond = Math.max(beyond, gap.until);
      }
      const events = page.events.filter(({ channel, n }) => isMissed(channel, n) && listened(channel));
      await this.#write(slices(this.audience.dialect, epoch, events, missedBlock));
      after = page.end;
    }
    const id = formatCursor(epoch, upTo, this.audience.rev);
    this.say({ type: 'channels', id, channels: this.audience.channels });
    await this.reach(beyond);
  }

  /**
   * Writes all after a number, up to where the live events begin that wait here, and lets these go on. Who wants only some of
   * what there was when it came has missed nothing of that: only what was lost since is told.
   */
  async follow(from: number, isWanted?: (event: StoredEvent) => boolean): Promise<void> {
    const { channels, dialect, rev } = this.audience;
    const connection = this.#connection;
    let after = from;
    while (!connection.closed) {
      if (!connection.keptUp) this.#lap();
      if (after >= this.#upTo) break;
      const page = await this.#read(channels, after, this.#upTo);
      if (lostBeyond(page, this.#upTo)) {
        // What the log dropped after h may well wait at the connection: a gap told now could be false. After a lap nothing waits
        // any more of what the hub had heard by then. So the page counts if the gap ends there; else the hub has yet to get there.
        if ((this.#hub.position as Cursor).n <= this.#upTo) await sleep(LOOK_MS);
        this.#lap();
        if (lostBeyond(page, this.#upTo)) continue;
      }
      for (const gap of page.gaps) if (!isWanted || gap.until > this.position.n) this.#tell(gap);
      await this.#write(
        isWanted
          ? slices(dialect, page.epoch, page.events.filter(isWanted), eventBlock)
          : pageFrames(dialect, page),
      );
      after = page.end;
      if (after < this.#upTo) continue;
      await connection.output.drained();
      if (connection.keptUp) connection.write(frame(cursorBlock(page.epoch, after, rev)));
    }
    if (!connection.closed) connection.goLive();
  }

  async #read(channels: readonly string[], after: number, upTo: number): Promise<Page> {
    const page = await this.#log.since({ channels, after, upTo }, () => !this.#connection.closed);
    const { epoch } = this.position;
    if (page.epoch !== epoch || this.#hub.position?.epoch !== epoch) throw new StoreChanged();
    return page;
  }

  #tell({ channel, until, certain }: Gap): void {
    if ((this.#told.get(channel) ?? 0) >= until) return;
    this.#told.set(channel, until);
    this.say({ type: 'gap', channel, until: formatCursor(this.position.epoch, until), certain });
  }

  async #write(frames: readonly Frame[]): Promise<void> {
    const connection = this.#connection;
    for (const one of frames) {
      connection.write(one);
      if (connection.closed) return;
      if (connection.output.unsent > SLICE) await connection.output.drained();
    }
  }

  /** Takes a new h; what has waited up to it is dropped, since it will be read. */
  #lap(): void {
    const { position } = this.#hub;
    if (position?.epoch !== this.position.epoch) throw new StoreChanged();
    this.audience.flush();
    this.#connection.startOver();
    this.#upTo = position.n;
  }
}

function lostBeyond({ gaps }: Page, upTo: number): boolean {
  return gaps.some(({ until }) => until > upTo);
}
