import type { Bus } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import type { Audience } from './audience.ts';
import type { Hub } from './hub.ts';
import { Poll } from './poll.ts';
import { PollRoom } from './pollRoom.ts';
import type { Question } from './question.ts';
import { ReadLimit } from './readLimit.ts';

/** A heartbeat, or an event that many patterns mean, wakes all rooms at once: the live streams must not wait for all these reads. */
const READS_AT_ONCE = 16;

interface Place {
  readonly room: PollRoom;
  readonly audience: Audience;
  readonly timer: NodeJS.Timeout;
}

/** All long polls of this app that wait. */
export class Polls {
  readonly #hub: Hub;
  readonly #bus: Bus;
  readonly #rooms = new Map<string, PollRoom>();
  readonly #places = new Map<Poll, Place>();
  readonly #limit = new ReadLimit(READS_AT_ONCE);

  constructor(hub: Hub, bus: Bus) {
    this.#hub = hub;
    this.#bus = bus;
  }

  /** It listens before it looks, so that nothing falls in between. Who opened it ends it when its reader leaves. */
  open(question: Question, milliseconds: number): Poll {
    const { epoch } = this.#hub.position as Cursor;
    const poll: Poll = new Poll(question, epoch, {
      woken: () => room.ask(poll),
      over: () => this.#leave(poll),
    });
    const { audience } = this.#hub.join(poll, question.channels, 'stream');
    const room = this.#roomOf(audience.channels);
    room.polls.add(poll);
    const timer = setTimeout(() => poll.end(), milliseconds);
    this.#places.set(poll, { room, audience, timer });
    room.ask(poll);
    return poll;
  }

  /** Answers all at once with what there is: nothing, and a cursor to go on from. */
  close(): void {
    for (const poll of this.#places.keys()) poll.end();
  }

  #roomOf(channels: readonly string[]): PollRoom {
    const key = channels.join('\n');
    const known = this.#rooms.get(key);
    if (known) return known;
    const room = new PollRoom(channels, this.#bus, this.#limit);
    this.#rooms.set(key, room);
    return room;
  }

  #leave(poll: Poll): void {
    const { room, audience, timer } = this.#places.get(poll) as Place;
    clearTimeout(timer);
    this.#places.delete(poll);
    this.#hub.leave(poll, audience);
    room.leave(poll);
    if (room.polls.size === 0) this.#rooms.delete(audience.channels.join('\n'));
  }
}
