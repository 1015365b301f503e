import { randomBytes } from 'node:crypto';
import { BusError } from '../../bus/bus.ts';
import { changeSession, type SessionRecord, type Sessions } from '../../bus/sessions.ts';
import { changeChannels } from './changeChannels.ts';
import type { Connection } from './connection.ts';
import type { Hub } from './hub.ts';
import { join, type Wish } from './join.ts';
import type { EventLog } from './replay.ts';
import {
  begunRecord,
  followingRecord,
  isSameChange,
  type Opening,
  openedRecord,
  settledRecord,
} from './sessionRecord.ts';
import { StoreChanged } from './storeChanged.ts';

/** Where a session's streams hear from, and where its record is. */
export interface Sources {
  readonly hub: Hub;
  readonly log: EventLog;
  readonly sessions: Sessions;
}

/**
 * One open stream of a session: opens it with the channels that the session has, and brings it along when these change. One
 * step after another: a change that comes while it still joins waits until it has joined.
 */
export class SessionStream {
  readonly word: string;
  readonly #connection: Connection;
  readonly #sources: Sources;
  readonly #fail: (error: unknown) => void;
  /** By which the record knows it. */
  readonly #name = randomBytes(9).toString('base64url');
  /** The channels that its address names. */
  #address = '';
  #record: SessionRecord | undefined;
  #steps: Promise<void> = Promise.resolve();
  #looks = false;

  constructor(word: string, connection: Connection, sources: Sources, fail: (error: unknown) => void) {
    this.word = word;
    this.#connection = connection;
    this.#sources = sources;
    this.#fail = fail;
  }

  /** Whether it has come to what is kept. */
  isAt(kept: SessionRecord | undefined): boolean {
    return this.#record !== undefined && isSameChange(this.#record, kept);
  }

  open(wish: Wish): void {
    this.#next(() => this.#open(wish));
  }

  /** From now on the record is kept for an hour; for less when the stream's address makes it again. */
  async leave(): Promise<void> {
    await this.#steps; // one that is under way may still keep a record
    const { sessions } = this.#sources;
    const kept = await sessions.read(this.word);
    // Of another stream's it is not known whether that is still open.
    if (kept?.record.stream !== this.#name) return;
    const { channels, owed } = kept.record;
    if (owed.length === 0 && channels.join('\n') === this.#address) await sessions.part(this.word, kept);
  }

  /** Its channels may be others by now. */
  look(): void {
    if (this.#looks) return;
    this.#looks = true;
    this.#next(() => {
      this.#looks = false; // from here on it may be too late for this look
      return this.#look();
    });
  }

  #next(step: () => Promise<void>): void {
    this.#steps = this.#steps
      .then(() => (this.#connection.closed ? undefined : step()))
      .catch((error: unknown) => this.#fail(error));
  }

  async #open(wish: Wish): Promise<void> {
    const { hub, log } = this.#sources;
    const { epoch = '' } = hub.position ?? {};
    const { cursor, channels } = wish;
    this.#address = [...new Set(channels)].sort().join('\n');
    const { was, record } = await this.#opened({ channels, stream: this.#name, cursor, epoch });
    if (this.#connection.closed) return this.#undo(was, record);
    // What is owed was judged by that store's numbers.
    if (hub.position?.epoch !== epoch) throw new StoreChanged();
    this.#record = record;
    await join(this.#connection, hub, log, { ...wish, ...record });
    await this.#settle(record.rev);
  }

  /** When there is no room to keep that it was opened, it is opened all the same: who only listens takes none. */
  async #opened(opening: Opening): Promise<{ was: SessionRecord | undefined; record: SessionRecord }> {
    const { sessions } = this.#sources;
    let was: SessionRecord | undefined;
    const open = (before: SessionRecord | undefined) => {
      was = before;
      return openedRecord(before, opening);
    };
    try {
      const record = await changeSession(sessions, this.word, open);
      return { was, record: record as SessionRecord };
    } catch (error) {
      if (!(error instanceof BusError) || error.reason !== 'full') throw error;
      return { was, record: open((await sessions.read(this.word))?.record) };
    }
  }

  /**
   * Its reader had gone before anything was written. It may long be back elsewhere: a request that waited at an app that stood
   * still is carried out late. So the record is again as if it had not come.
   */
  async #undo(was: SessionRecord | undefined, record: SessionRecord): Promise<void> {
    if (was === undefined) return;
    const kept = await this.#sources.sessions.read(this.word);
    if (kept && JSON.stringify(kept.record) === JSON.stringify(record))
      await this.#sources.sessions.swap(this.word, kept, was);
  }

  async #look(): Promise<void> {
    const { hub, log } = this.#sources;
    const before = this.#record as SessionRecord;
    const record = await this.#kept(before);
    if (record === undefined || record.rev <= before.rev) return;
    this.#record = record;
    await changeChannels(this.#connection, hub, log, {
      channels: record.channels,
      rev: record.rev,
      owed: record.owed.filter(({ rev }) => rev > before.rev),
      begin: (at) => this.#begin(before.rev, record.rev, at),
    });
    await this.#settle(record.rev);
  }

  /** What is kept of the session. As long as its stream is open, it is kept, even when Redis was emptied. */
  async #kept(before: SessionRecord): Promise<SessionRecord | undefined> {
    try {
      return await changeSession(this.#sources.sessions, this.word, (was) => {
        if (was === undefined || was.rev < before.rev) return before;
        const isOther = was.rev === before.rev && !isSameChange(was, before);
        return isOther ? followingRecord(before, was) : undefined;
      });
    } catch (error) {
      if (error instanceof BusError) return undefined; // it is looked at again when the store is back
      throw error;
    }
  }

  async #begin(after: number, upTo: number, at: string): Promise<void> {
    await this.#note((was) => begunRecord(was, { stream: this.#name, after, upTo, at }));
  }

  /** All that is owed up to a change is written. */
  async #settle(upTo: number): Promise<void> {
    const next = (was: SessionRecord | undefined) => settledRecord(was, { stream: this.#name, upTo });
    if (next(this.#record) === undefined) return;
    await this.#connection.output.drained();
    if (this.#connection.closed) return;
    await this.#note(next).catch((error: unknown) => {
      if (!(error instanceof BusError)) throw error; // without it the record is as good, and only longer
    });
  }

  /**
   * Keeps how far its reader is. Here that is noted in the record that it has come to, and not in the one that is kept: that
   * may have changed again, and this stream still has to come to it.
   */
  async #note(next: (was: SessionRecord | undefined) => SessionRecord | undefined): Promise<void> {
    await changeSession(this.#sources.sessions, this.word, next);
    this.#record = next(this.#record) ?? this.#record;
  }
}
