/** What a page sees of the client: its options, and what `pinstream()` answers. Types only. */

export interface PinstreamOptions {
  /** Channels and patterns: `*` stands for any text. More can be added later. */
  readonly channels?: readonly string[];
  /** Where the stream is. Left out: `/stream` of the page's own host. */
  readonly url?: string;
  /** This many of the newest events of each channel (at most 1000) come first, also of channels that are added later. */
  readonly last?: number;
  /** Goes on after this event: a `cursor` of earlier. null is what a storage has of none. */
  readonly since?: string | null;
  /** For channels that need one. A function is asked at the start, and again whenever the server refuses the stream. */
  readonly token?: string | TokenSource;
  /** The stream is another host's, and asks for its cookies. */
  readonly withCredentials?: boolean;
  /** false: a connection of its own, instead of one for all tabs of this browser. */
  readonly share?: boolean;
  /** Where the client itself is, as the script that all tabs share. Left out: `pinstream.js` beside `url`. */
  readonly script?: string;
  readonly onEvent?: EventHandler;
  readonly onStatus?: (status: Status) => void;
  readonly onGap?: (gap: Gap) => void;
}

export type TokenSource = () => string | undefined | Promise<string | undefined>;

export interface PinstreamEvent {
  readonly channel: string;
  /** `message` when it was published without a name. */
  readonly name: string;
  readonly data: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
  readonly id: string;
}

/** Events that this stream missed and that the log no longer holds. */
export interface Gap {
  /** undefined: the store is a new one, so that it may be any. */
  readonly channel?: string | undefined;
  /** The newest event that was lost. */
  readonly until?: string | undefined;
  /** false: nobody knows whether there were any. */
  readonly certain: boolean;
}

export interface Status {
  readonly state: 'connecting' | 'live' | 'polling' | 'waiting' | 'stopped';
  /** Why, as a sentence for people. */
  readonly reason: string;
  /** While it waits: when the next attempt is made, to be compared with Date.now(). */
  readonly retryAt?: number | undefined;
  /** While it waits: the seconds until then. `onStatus` is called as they run down. */
  readonly seconds?: number | undefined;
}

export type EventHandler = (event: PinstreamEvent) => void;

/** What is published. */
export interface NewEvent {
  readonly channel: string;
  /** Left out: `message`. */
  readonly event?: string;
  /** What is no text is sent as its JSON. */
  readonly data: unknown;
  /** Who repeats it within five minutes publishes nothing anew. */
  readonly key?: string;
}

export interface Published {
  readonly id: string;
  /** How many streams listen to that channel; null: that could not be asked. */
  readonly streams: number | null;
  readonly duplicate?: true;
}

/** The channels of an open stream. They change without a reconnect; an added one begins where the stream is, at `cursor`. */
export interface Channels extends Iterable<string> {
  add(...names: string[]): void;
  remove(...names: string[]): void;
}

export interface Pinstream extends AsyncIterable<PinstreamEvent> {
  readonly status: Status;
  readonly channels: Channels;
  /** Everything up to here was heard; a later stream goes on from it with `since`. */
  readonly cursor: string;
  /** Calls the handler for events on a channel or pattern. The answer takes it away again. */
  on(channel: string, handler: EventHandler): () => void;
  /** The same, for events of one name only. */
  on(channel: string, name: string, handler: EventHandler): () => void;
  /** Rejects with the server's sentence; `status` and `field` stand in the error. `key`: left out, the stream's token. */
  publish(event: NewEvent, key?: string): Promise<Published>;
  close(): void;
}
