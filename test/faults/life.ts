import { matches } from '../../src/contract/channel.ts';
import { parseCursor } from '../../src/contract/cursor.ts';
import { asStreamed, type ClientSpec, hashOf, type Kind, type Line } from './history.ts';
import type { TrueEvent, Truth } from './truth.ts';

export const FAILINGS = [
  'lost',
  'doubled',
  'out of order',
  'false gaps',
  'untold gaps',
  'wrong',
  'given up',
] as const;
export type Failing = (typeof FAILINGS)[number];

export interface Finding {
  readonly failing: Failing;
  readonly client: number;
  readonly t: number;
  readonly why: string;
}

interface Told {
  /** null: any, since the store is another one. */
  readonly channel: string | null;
  readonly after: number;
  readonly until: number;
  readonly t: number;
}

/** A burst turns a log over in not much more. */
const SILENCE_MS = 300;
/** After it a stream that came back is live again. */
const CATCH_UP_MS = 2_000;

interface Break {
  readonly after: number;
  /** The number from which on all flows again. */
  before: number;
  /** When something came again. */
  resumed: number | undefined;
}

/** From which number on a channel is wanted, and up to which. */
interface Window {
  readonly after: number;
  until: number;
}

/** Channels that were added from a number on, and how far what was missed of each has come. */
interface Added {
  readonly channels: readonly string[];
  readonly since: number;
  readonly come: Map<string, number>;
}

export interface LifeOptions {
  readonly spec: ClientSpec;
  readonly truth: Truth;
  /** The numbers that the logs hold at the end. */
  readonly kept: ReadonlySet<number>;
  readonly found: (finding: Finding) => void;
}

/**
 * What one client must hear from one cursor on, until it leaves: each event of its channels once, in order, with every byte; or
 * that it was lost, if it was. A cursor that it was given says that all before has come or was told.
 */
export class Life {
  readonly #options: LifeOptions;
  #after: number | undefined;
  #n: number;
  #t = 0;
  readonly #received = new Set<number>();
  readonly #told: Told[] = [];
  /** Where a stream that has no words for gaps may have missed something: it was cut, or silent. */
  readonly #breaks: Break[] = [];
  #heardAt: number;
  /** What is heard of lost events that Redis itself has lost. */
  tail = 0;
  deliveries = 0;
  gaps = 0;
  /** Channels of a session, as they were asked for. */
  readonly #windows = new Map<string, Window[]>();
  #added: Added | undefined;
  /** The same, until something else comes: a gap that goes beyond what was added is told there. */
  #sealed: Added | undefined;
  /** What came for a channel that was added, and is not sealed yet. */
  #late: number[] = [];

  constructor(options: LifeOptions, from: string | null, channels: readonly string[], t: number) {
    this.#options = options;
    // Who begins hears nothing until it is let in; who comes back has been away.
    this.#heardAt = from === null ? t : Number.NEGATIVE_INFINITY;
    this.#after = from === null ? undefined : number(from);
    this.#n = this.#after ?? 0;
    for (const channel of channels)
      this.#windows.set(channel, [{ after: 0, until: Number.POSITIVE_INFINITY }]);
  }

  hear(line: Line): void {
    this.#t = line.t;
    if (line.is === 'open') this.#comeBack();
    if (line.is === 'open' || line.is === 'at') this.#isAt(number(line.at));
    else if (line.is === 'event') this.#event(number(line.id), line.hash);
    else if (line.is === 'late') this.#lateEvent(number(line.id), line.hash);
    else if (line.is === 'gap')
      this.#gap(line.channel, line.until === '' ? Number.POSITIVE_INFINITY : number(line.until));
    else if (line.is === 'ask') this.#ask(line.channels, number(line.since));
    else if (line.is === 'channels') this.#seal();
    else if (line.is === 'dead') this.#find('given up', line.why);
    else if (line.is === 'error') this.#break();
  }

  /** Looks at what should have come. */
  end(): void {
    for (const event of this.#options.truth.events) {
      if (event.n > this.#n) break;
      if (this.#after === undefined || event.n <= this.#after || this.#received.has(event.n)) continue;
      if (!this.#wants(event) || this.#isTold(event)) continue;
      const isKept = this.#options.kept.has(event.n);
      if (!isKept && this.#isExcused(event.n)) continue;
      this.#find(isKept ? 'lost' : 'untold gaps', `${event.n} on ${event.channel} never came`);
    }
    for (const told of this.#told) this.#judgeGap(told);
  }

  /** These dialects have no words for a gap: who listens so finds it in GET /events. But while all flows there is none. */
  #isExcused(n: number): boolean {
    if (this.#kind === 'xhr') return true;
    return this.#kind === 'sse' && this.#breaks.some(({ after, before }) => n > after && n <= before);
  }

  #break(): void {
    const last = this.#breaks.at(-1);
    if (last?.before === Number.POSITIVE_INFINITY) last.resumed = undefined;
    else this.#breaks.push({ after: this.#n, before: Number.POSITIVE_INFINITY, resumed: undefined });
  }

  get #kind(): Kind {
    return this.#options.spec.kind;
  }

  /** A reader that was cut before the channels were said drops what came late, and gets it once more. */
  #comeBack(): void {
    for (const n of this.#late) this.#received.delete(n);
    this.#late = [];
    this.#added?.come.clear();
  }

  #isAt(n: number): void {
    this.#after ??= n;
    if (n > this.#n) this.#n = n;
  }

  #event(n: number, hash: string): void {
    this.deliveries++;
    this.#sealed = undefined;
    if (this.#t - this.#heardAt > SILENCE_MS) this.#break();
    const last = this.#breaks.at(-1);
    if (last) {
      last.resumed ??= this.#t;
      if (last.before === Number.POSITIVE_INFINITY && this.#t - last.resumed > CATCH_UP_MS) last.before = n;
    }
    this.#heardAt = this.#t;
    this.#after ??= n - 1;
    if (this.#received.has(n)) this.#find('doubled', `${n} came twice`);
    else if (n <= this.#n) this.#find('out of order', `${n} came after ${this.#n}`);
    this.#check(n, hash);
    this.#received.add(n);
    if (n > this.#n) this.#n = n;
  }

  /** Of a channel that was added: what was missed of it comes in its order, before the channels are said. */
  #lateEvent(n: number, hash: string): void {
    this.deliveries++;
    const event = this.#options.truth.get(n);
    if (this.#received.has(n)) this.#find('doubled', `${n} came twice, once late`);
    else if (!this.#added || !event || !this.#added.channels.includes(event.channel))
      this.#find('wrong', `${n} came without an id, though its channel was not added`);
    const before = this.#late.at(-1) ?? 0;
    if (n <= before) this.#find('out of order', `${n} came late after ${before}`);
    this.#late.push(n);
    if (event) this.#added?.come.set(event.channel, n);
    this.#check(n, hash);
    this.#received.add(n);
  }

  #seal(): void {
    this.#sealed = this.#added;
    this.#added = undefined;
    this.#late = [];
  }

  #check(n: number, hash: string): void {
    const event = this.#options.truth.get(n);
    if (!event) {
      if (this.#options.truth.isInLostTail(n)) this.tail++;
      else this.#find('wrong', `${n} is in no log`);
      return;
    }
    if (this.#expected(event) !== hash) this.#find('wrong', `${n} has not the bytes that were published`);
    if (!this.#mayHear(event)) this.#find('wrong', `${n} is of ${event.channel}, which was not asked for`);
  }

  #expected({ channel, name, data, raw }: TrueEvent): string {
    const plain = raw ?? (name === 'message' ? data : JSON.stringify([name, data]));
    if (this.#kind === 'sse') return hashOf('message', asStreamed(plain));
    if (this.#kind === 'xhr') return hashOf(asStreamed(plain));
    if (this.#kind === 'stream') return hashOf(name, asStreamed(data));
    return hashOf(channel, name, data);
  }

  #gap(channel: string | null, until: number): void {
    this.gaps++;
    const added = this.#added ?? this.#sealed;
    const after =
      channel !== null && added?.channels.includes(channel)
        ? (added.come.get(channel) ?? added.since)
        : this.#n;
    this.#told.push({ channel, after, until, t: this.#t });
  }

  #judgeGap({ channel, after, until, t }: Told): void {
    let missing = 0;
    for (const event of this.#options.truth.events) {
      if (event.n > until) break;
      if (event.n <= after || (channel !== null && event.channel !== channel)) continue;
      if (this.#received.has(event.n))
        this.#find('false gaps', `${event.n} was told as lost at ${t} ms, and came`);
      else if (this.#options.kept.has(event.n) && this.#wants(event))
        this.#find('false gaps', `${event.n} was told as lost at ${t} ms, and is kept`);
      else if (this.#mayHear(event)) missing++; // also of a channel that it has just asked to leave
    }
    if (missing === 0)
      this.#find('false gaps', `nothing was lost on ${channel} from ${after} to ${until} (at ${t} ms)`);
  }

  #mayHear({ channel }: TrueEvent): boolean {
    return [...this.#windows.keys()].some((name) => matches(name, channel));
  }

  #isTold({ n, channel }: TrueEvent): boolean {
    return this.#told.some(
      (told) => (told.channel === null || told.channel === channel) && n > told.after && n <= told.until,
    );
  }

  /** It must hear the channels that it has had before, and those that are added from `since` on. */
  #ask(channels: readonly string[], since: number): void {
    const before = [...this.#windows].filter(
      ([, windows]) => windows.at(-1)?.until === Number.POSITIVE_INFINITY,
    );
    const had = before.map(([name]) => name);
    for (const [name, windows] of before)
      if (!channels.includes(name)) (windows.at(-1) as Window).until = since;
    const added = channels.filter((name) => !had.includes(name));
    for (const name of added) {
      const windows = this.#windows.get(name) ?? [];
      this.#windows.set(name, windows);
      windows.push({ after: since, until: Number.POSITIVE_INFINITY });
    }
    this.#added = { channels: added, since, come: new Map() };
    this.#late = [];
  }

  #wants({ n, channel }: TrueEvent): boolean {
    for (const [name, windows] of this.#windows) {
      if (matches(name, channel) && windows.some(({ after, until }) => n > after && n <= until)) return true;
    }
    return false;
  }

  #find(failing: Failing, why: string): void {
    this.#options.found({ failing, client: this.#options.spec.id, t: this.#t, why });
  }
}

function number(cursor: string): number {
  return parseCursor(cursor)?.n ?? 0;
}
