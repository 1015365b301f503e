import type { Status } from './api.ts';
import type { Place, Saying } from './messages.ts';
import { createPoll } from './poll.ts';
import { isFinal, offline, type Refusal } from './request.ts';
import { createStreaming } from './streaming.ts';
import { createTrack, type Track } from './track.ts';

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** Whatever a server asks for: timers count no further than 24 days, and what is beyond runs out at once. */
const LONGEST_PAUSE = 1e9;
/** While it polls, a stream is tried again after so long, then after twice as long, up to the last. */
const STREAM_AGAIN = 60_000;
const STREAM_AGAIN_LONGEST = 600_000;

/** How a transport ended. */
export type End =
  /** By the server or the network. `wait`: for so long it wants to be left alone. */
  | { readonly why: 'ended'; readonly wasOpen: boolean; readonly wait: number; readonly reason: string }
  /** Nothing was heard for too long. `held`: not even a first word. */
  | { readonly why: 'silent'; readonly held?: boolean | undefined }
  /** From outside: it is to begin anew. */
  | { readonly why: 'cut' };

/** Brings events here, from its track's cursor on, until it ends. */
export interface Transport {
  /** Throws a Refusal when it has not come about. */
  run(names: readonly string[]): Promise<End>;
  /** Other channels, without an end where that is possible. */
  want(names: readonly string[]): void;
  /** Nothing was heard for longer than usual. */
  isDoubtful(): boolean;
  cut(): void;
}

/** One connection after the other, each going on where the last one ended, for as long as channels are wanted. */
export interface Line {
  readonly track: Track;
  /** From now on these channels. None: nobody listens any more. */
  want(names: readonly string[]): void;
  wake(always: boolean): void;
}

/** `refused`: these channels together are not for this token. Others have to be wanted. */
export function createLine(
  place: Place,
  say: (sayings: readonly Saying[]) => void,
  refused: (refusal: Refusal) => void,
): Line {
  const track = createTrack(say);
  const connecting = 'Connecting.';
  let wanted: readonly string[] = [];
  let isRunning = false;
  let transport: Transport | undefined;
  let endPause = () => {};
  let attempts = 0;
  let silences = 0;
  /** A stream does not get through: until then it polls. */
  let pollUntil = 0;
  let pollFor = STREAM_AGAIN;

  function tell(state: Status['state'], reason: string, retryAt?: number): void {
    say([{ type: 'status', status: { state, reason, retryAt } }]);
  }

  function live(again?: boolean): void {
    attempts = 0;
    if (again) {
      silences = 0;
      pollFor = STREAM_AGAIN;
    }
    tell('live', 'Events arrive as they happen.');
  }

  function polls(): void {
    attempts = 0;
    tell('polling', 'A proxy holds the stream back: events are asked for.');
  }

  async function run(): Promise<void> {
    isRunning = true;
    let reason = connecting;
    while (wanted[0]) {
      if (Date.now() < pollUntil) {
        transport = createPoll(place, track, pollUntil, polls);
      } else {
        transport = createStreaming(place, track, live, refused);
        tell('connecting', reason);
      }
      const end = await transport.run(wanted).catch((error: Refusal) => error);
      transport = undefined;
      reason = connecting;
      if (end instanceof Error) {
        // A poll that fails too was not held back by a proxy.
        pollUntil = 0;
        if (isFinal(end)) {
          // What was granted so far has to be granted anew.
          track.keep([]);
          refused(end);
        } else {
          await pause(Math.max(backOff(), end.pause || 0), end.message);
        }
      } else if (end.why === 'silent') {
        reason = 'The stream fell silent.';
        // Twice in a row, or not even a first word: what the stream says does not get here, or in lumps only.
        if (end.held || ++silences > 1) {
          pollUntil = Date.now() + pollFor;
          pollFor = Math.min(pollFor * 2, STREAM_AGAIN_LONGEST);
        }
      } else if (end.why === 'ended') {
        const wait = end.wasOpen ? end.wait : Math.max(backOff(), end.wait);
        await pause(wait, end.reason || offline() || 'The connection was lost.');
      }
    }
    isRunning = false;
    track.beginAnew();
  }

  /** Full jitter: after a restart a thousand browsers come back spread over the whole time. */
  function backOff(): number {
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts++);
    return FIRST_WAIT / 4 + Math.random() * most;
  }

  async function pause(milliseconds: number, reason: string): Promise<void> {
    const bounded = Math.min(milliseconds, LONGEST_PAUSE);
    tell('waiting', reason, Date.now() + bounded);
    await new Promise<void>((done) => {
      endPause = done;
      setTimeout(done, bounded);
    });
  }

  function cut(): void {
    endPause();
    transport?.cut();
  }

  return {
    track,
    want(names) {
      wanted = names;
      track.keep(names);
      if (!names[0]) cut();
      else if (isRunning) transport?.want(names);
      else void run();
    },
    wake(always) {
      if (always || (transport?.isDoubtful() ?? true)) cut();
    },
  };
}
