/**
 * Which channels each session has: kept beside the events, so that any app can change them, and a stream that comes back to
 * another app under its old address finds them. A session's word is its secret: it never reaches a log.
 */
export interface Sessions {
  /** From then on `changed` hears of each session that got other channels; `missed` when it may not have heard of some. */
  start(changed: (word: string) => void, missed: () => void): void;
  /** What is kept; lets it live for SESSION_SECONDS from now. */
  read(word: string): Promise<KeptSession | undefined>;
  /** Keeps a record in place of the one that was read, or of none. false: it is another one by now, and stays. */
  swap(word: string, was: KeptSession | undefined, record: SessionRecord): Promise<boolean>;
  /** Lets the one that was read live for PARTING_SECONDS only, unless it is asked for or becomes another one before. */
  part(word: string, was: KeptSession): Promise<void>;
}

export interface SessionRecord {
  /** Counts the changes of its channels. */
  readonly rev: number;
  readonly channels: readonly string[];
  /** What was missed on added channels, and may not have reached the reader yet. */
  readonly owed: readonly Owed[];
  /** The stream that was opened last. An older one, whose reader may long be gone, says nothing of how far the reader is. */
  readonly stream: string;
  /** The client's own count of its changes, if it has one: a change that comes late, after a newer one, is not made. */
  readonly change?: number;
}

/** The events after a cursor, on a channel or pattern that was added. */
export interface Owed {
  readonly channel: string;
  /** A cursor. */
  readonly since: string;
  /** The change that added it. */
  readonly rev: number;
  /** They are written before all that comes after this cursor. Left out before a stream has begun to. */
  readonly at?: string;
  /** Of these channels and patterns the stream has had all, since it listened to them before. */
  readonly except: readonly string[];
}

/** A record, and its text, by which it is told from others. */
export interface KeptSession {
  readonly record: SessionRecord;
  readonly text: string;
}

export const SESSION_SECONDS = 3_600;
/** For a session that its stream's address makes again: otherwise each opening with a new word would be kept for an hour. */
export const PARTING_SECONDS = 60;

/**
 * Makes another record of the one that is kept, however many do so at once; `next` may be asked several times. When it answers
 * nothing, the record stays. Resolves to what is kept then.
 */
export async function changeSession(
  sessions: Sessions,
  word: string,
  next: (was: SessionRecord | undefined) => SessionRecord | undefined | Promise<SessionRecord | undefined>,
): Promise<SessionRecord | undefined> {
  for (;;) {
    const was = await sessions.read(word);
    const record = await next(was?.record);
    if (record === undefined) return was?.record;
    if (await sessions.swap(word, was, record)) return record;
  }
}
