import type { Status } from './api.ts';
import type { Place, Saying } from './messages.ts';
import { Poll } from './poll.ts';
import { Reading } from './reading.ts';
import { offline, Refusal } from './request.ts';
import { Track } from './track.ts';

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** While it polls, a stream is tried again after so long, then after twice as long, up to the last. */
const STREAM_AGAIN = 60_000;
const STREAM_AGAIN_LONGEST = 600_000;

/** How a transport ended. */
export type End =
  /** The server ended it, or the network. `wait`: for so long it shall be left alone. */
  | { readonly why: 'ended'; readonly opened: boolean; readonly wait: number; readonly reason: string }
  /** Nothing was heard for too long. `held`: not even a first word. */
  | { readonly why: 'silent'; readonly held: boolean }
  /** From outside: it is to begin anew. */
  | { readonly why: 'cut' };

/** Brings events here, from its track's cursor on, until it ends. Throws a Refusal. */
export interface Transport {
  run(names: readonly string[]): Promise<End>;
  /** Other channels, without an end where that is possible. */
  want(names: readonly string[]): void;
  /** Nothing was heard for longer than usual. */
  readonly isDoubtful: boolean;
  cut(): void;
}

export interface Ears {
  say(...sayings: Saying[]): void;
  /** These channels together are not for this token. Other channels have to be wanted. */
  refused(refusal: Refusal): void;
}

/** One connection after the other, each going on where the last one ended, for as long as channels are wanted. */
export class Line {
  readonly track: Track;
  readonly #place: Place;
  readonly #ears: Ears;
  #wanted: readonly string[] = [];
  #running = false;
  #transport: Transport | undefined;
  #endPause: () => void = () => undefined;
  #attempts = 0;
  #silences = 0;
  /** A stream does not get through: until then it polls. */
  #pollUntil = 0;
  #pollFor = STREAM_AGAIN;

  constructor(place: Place, ears: Ears) {
    this.#place = place;
    this.#ears = ears;
    this.track = new Track((...sayings) => ears.say(...sayings));
  }

  /** From now on these channels. None: nobody listens any more. */
  want(names: readonly string[]): void {
    this.#wanted = names;
    if (names.length === 0) this.#cut();
    else if (this.#running) this.#transport?.want(names);
    else void this.#run();
  }

  /** The device woke up; `always`: its network is another one. */
  wake(always: boolean): void {
    if (always || (this.#transport?.isDoubtful ?? true)) this.#cut();
  }

  #cut(): void {
    this.#endPause();
    this.#transport?.cut();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let reason = `Connecting to ${new URL(this.#place.url).host}.`;
    while (this.#wanted.length > 0) {
      this.#transport =
        Date.now() < this.#pollUntil
          ? new Poll(this.#place, this.track, this.#pollUntil, () => this.#polls())
          : new Reading(
              this.#place,
              this.track,
              (refusal) => this.#ears.refused(refusal),
              (lasts) => this.#live(lasts),
            );
      if (this.#transport instanceof Reading) this.#tell('connecting', reason);
      const end = await this.#transport.run(this.#wanted).catch((error: unknown) => error as Error);
      this.#transport = undefined;
      reason = await this.#after(end);
    }
    this.#running = false;
    this.track.forget();
  }

  /** What comes after an end. Answers with what to say of the next attempt. */
  async #after(end: End | Error): Promise<string> {
    const connecting = `Connecting to ${new URL(this.#place.url).host}.`;
    if (end instanceof Error) {
      if (end instanceof Refusal && end.isFinal) {
        // What was heard so far is judged anew, channel by channel if need be.
        this.track.hear([]);
        this.#ears.refused(end);
      } else {
        const least = end instanceof Refusal ? end.after : 0;
        await this.#pause(Math.max(least, this.#backOff()), end.message);
      }
    } else if (end.why === 'silent') {
      // Twice in a row, or not even a first word: what the stream says does not get here, or in lumps only.
      if (end.held || ++this.#silences > 1) {
        this.#pollUntil = Date.now() + this.#pollFor;
        this.#pollFor = Math.min(this.#pollFor * 2, STREAM_AGAIN_LONGEST);
      }
      return 'The stream fell silent.';
    } else if (end.why === 'ended') {
      const wait = end.opened ? end.wait : Math.max(end.wait, this.#backOff());
      await this.#pause(wait, end.reason || offline() || 'The connection was lost.');
    }
    return connecting;
  }

  /** `lasts`: it is not only open, but goes on saying something. */
  #live(lasts: boolean): void {
    this.#attempts = 0;
    if (lasts) {
      this.#silences = 0;
      this.#pollFor = STREAM_AGAIN;
    }
    this.#tell('live', 'Events arrive as they happen.');
  }

  #polls(): void {
    this.#attempts = 0;
    this.#tell(
      'polling',
      'Something between here and the server holds the stream back, so events are asked for again and again.',
    );
  }

  /** Full jitter: after a restart a thousand browsers come back spread over the whole time. */
  #backOff(): number {
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts++);
    return FIRST_WAIT / 4 + Math.random() * most;
  }

  async #pause(milliseconds: number, reason: string): Promise<void> {
    if (this.#wanted.length === 0) return;
    this.#tell('waiting', reason, Date.now() + milliseconds);
    await new Promise<void>((done) => {
      const timer = setTimeout(done, milliseconds);
      this.#endPause = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  #tell(state: Status['state'], reason: string, retryAt?: number): void {
    const status = { state, reason, ...(retryAt !== undefined && { retryAt }) };
    this.#ears.say({ type: 'status', status });
  }
}
