import { randomBytes } from 'node:crypto';
import { BusError } from '../../bus/bus.ts';
import { changeSession, type SessionRecord, type Sessions } from '../../bus/sessions.ts';
import { changeChannels } from './changeChannels.ts';
import type { Connection } from './connection.ts';
import type { Hub } from './hub.ts';
import { join, StoreChanged, type Wish } from './join.ts';
import type { EventLog } from './replay.ts';
import { begunRecord, openedRecord } from './sessionRecord.ts';

/** Where a session's streams hear from, and where its record is. */
export interface Sources {
  readonly hub: Hub;
  readonly bus: EventLog;
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
  #record: SessionRecord | undefined;
  #steps: Promise<void> = Promise.resolve();
  #looks = false;

  constructor(word: string, connection: Connection, sources: Sources, fail: (error: unknown) => void) {
    this.word = word;
    this.#connection = connection;
    this.#sources = sources;
    this.#fail = fail;
  }

  /** How many changes of its channels it has come through; undefined before it has joined. */
  get rev(): number | undefined {
    return this.#record?.rev;
  }

  open(wish: Wish): void {
    this.#next(() => this.#open(wish));
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
    const { hub, bus, sessions } = this.#sources;
    const { epoch = '' } = hub.position ?? {};
    const { cursor } = wish;
    const record = (await changeSession(sessions, this.word, (was) =>
      openedRecord(was, { channels: wish.channels, stream: this.#name, cursor, epoch }),
    )) as SessionRecord;
    if (this.#connection.closed) return;
    // What is owed was judged by that store's numbers.
    if (hub.position?.epoch !== epoch) throw new StoreChanged();
    this.#record = record;
    await join(this.#connection, hub, bus, { ...wish, ...record });
  }

  async #look(): Promise<void> {
    const { hub, bus } = this.#sources;
    const before = this.#record as SessionRecord;
    const record = await this.#kept(before);
    if (record === undefined || record.rev <= before.rev) return;
    this.#record = record;
    await changeChannels(this.#connection, hub, bus, {
      channels: record.channels,
      rev: record.rev,
      owed: record.owed.filter(({ rev }) => rev > before.rev),
      begin: (at) => this.#begin(before.rev, record.rev, at),
    });
  }

  /** What is kept of the session. As long as its stream is open, it is kept, even when Redis was emptied. */
  async #kept(before: SessionRecord): Promise<SessionRecord | undefined> {
    try {
      return await changeSession(this.#sources.sessions, this.word, (was) =>
        was && was.rev >= before.rev ? undefined : before,
      );
    } catch (error) {
      if (error instanceof BusError) return undefined; // it is looked at again when the store is back
      throw error;
    }
  }

  async #begin(after: number, upTo: number, at: string): Promise<void> {
    await changeSession(this.#sources.sessions, this.word, (was) =>
      begunRecord(was, { stream: this.#name, after, upTo, at }),
    );
  }
}
