import { randomBytes } from 'node:crypto';
import { DEVICE_CHANNEL, type PinCommand, type PinReply } from '../contract/device.ts';
import { type Board, COMMAND_MS, type CommandHandler, type CommandOutcome, DEVICE_SECONDS } from './board.ts';
import type { AudienceReport, Listeners } from './listeners.ts';
import type { RedisLink } from './redisLink.ts';
import { RedisReports } from './redisReports.ts';
import { NO_SIDECAR, parseReport, type SidecarReport, type SidecarSign } from './sidecarReport.ts';

interface Asked {
  readonly id: string;
  readonly replyTo: string;
  readonly command: PinCommand;
}

/** The board of all processes that share a Redis. */
export class RedisBoard implements Board {
  readonly #link: RedisLink;
  readonly #process = randomBytes(9).toString('base64url');
  readonly #replies: string;
  readonly #reports: RedisReports;
  readonly #asked = new Map<string, (outcome: CommandOutcome) => void>();

  constructor(link: RedisLink) {
    this.#link = link;
    this.#replies = `${link.names.replies}:${this.#process}`;
    this.#reports = new RedisReports(link, this.#process);
  }

  async start(answer?: CommandHandler): Promise<void> {
    if (answer) this.#link.hear(this.#link.names.command, (text) => void this.#answer(answer, text));
    else this.#link.hear(this.#replies, (text) => this.#replied(text));
    this.#link.start();
  }

  async publishKey(make: () => string): Promise<string> {
    return this.#link.ask(async (redis) => {
      await redis.setnx(this.#link.names.publishKey, make());
      return (await redis.get(this.#link.names.publishKey)) as string;
    });
  }

  async report(audiences: readonly AudienceReport[]): Promise<boolean> {
    return this.#reports.report(audiences);
  }

  listenersElsewhere(channels?: readonly string[]): Promise<Listeners> {
    return this.#reports.listenersElsewhere(channels);
  }

  async command(command: PinCommand): Promise<CommandOutcome> {
    const id = randomBytes(9).toString('base64url');
    const { promise, resolve } = withResolvers<CommandOutcome>();
    const timer = setTimeout(() => resolve('silent'), COMMAND_MS);
    this.#asked.set(id, resolve);
    try {
      // A Redis that stands still may yet pass it on: what is asked of it is waited for no longer than the answer.
      const asked = this.#ask({ id, replyTo: this.#replies, command });
      return await Promise.race([promise, asked.then((sidecars) => (sidecars === 0 ? 'nobody' : promise))]);
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  async presses(): Promise<Map<string, number>> {
    const counts = await this.#link.ask((redis) => redis.hgetall(this.#link.names.presses));
    return new Map(Object.entries(counts).map(([pin, count]) => [pin, Number(count)]));
  }

  /**
   * The report has a key of its own. What stands in the other one is nobody's business: each state of the device sets it anew,
   * and apps and sidecars of other versions only ask whether it is there.
   */
  async deviceAlive(report: SidecarReport): Promise<number> {
    const { device, sidecar, logs } = this.#link.names;
    const [left] = await this.#link.ask((redis) =>
      Promise.all([
        redis.pttl(`${logs}${DEVICE_CHANNEL}`),
        redis.set(sidecar, JSON.stringify(report), 'EX', DEVICE_SECONDS),
        redis.set(device, '1', 'EX', DEVICE_SECONDS),
      ]),
    );
    // -2: there is none. -1: it never runs out.
    return left === -2 ? 0 : left === -1 ? Number.POSITIVE_INFINITY : left;
  }

  async sidecar(): Promise<SidecarSign> {
    const { device, sidecar } = this.#link.names;
    const [lives, text] = await this.#link.ask((redis) => redis.mget(device, sidecar));
    // One that has said goodbye has left its last report behind.
    if (!lives) return NO_SIDECAR;
    const report = parseReport(text ?? '');
    return { lives: true, ...(report && { report }) };
  }

  /** Whether the sidecar has said within DEVICE_SECONDS that it lives. */
  async deviceLives(): Promise<boolean> {
    return (await this.#link.ask((redis) => redis.exists(this.#link.names.device))) === 1;
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  /** Answers how many sidecars hear it; undefined: it is under way, and nobody can tell. */
  #ask(asked: Asked): Promise<number | undefined> {
    const { command: channel } = this.#link.names;
    return this.#link.ask(async (redis) => {
      // What PUBLISH answers would count the apps too, whose patterns match any channel.
      const [heard, sent] = await Promise.allSettled([
        redis.pubsub('NUMSUB', channel) as Promise<[string, number]>,
        redis.publish(channel, JSON.stringify(asked)),
      ]);
      if (sent.status === 'rejected') {
        if (neverWentOut(sent.reason)) throw sent.reason;
        return undefined;
      }
      return heard.status === 'fulfilled' ? Number(heard.value[1]) : undefined;
    });
  }

  async #answer(handler: CommandHandler, text: string): Promise<void> {
    try {
      const { id, replyTo, command } = JSON.parse(text) as Asked;
      const reply = await handler(command);
      await this.#link.ask((redis) => redis.publish(replyTo, JSON.stringify({ id, reply })));
    } catch {
      // Not one of ours, or nobody can be told any more: who asked hears nothing, and says so.
    }
  }

  #replied(text: string): void {
    const { id, reply } = parse(text);
    if (id !== undefined && reply !== undefined) this.#asked.get(id)?.({ reply });
  }
}

/** Redis has refused it, or the connection was down before: ioredis says no more than this sentence. */
function neverWentOut({ name, message }: Error): boolean {
  return name === 'ReplyError' || message.startsWith("Stream isn't writeable");
}

/** Anybody may publish here; what is not one of ours says nothing. */
function parse(text: string): { id?: string; reply?: PinReply } {
  try {
    return (JSON.parse(text) ?? {}) as { id?: string; reply?: PinReply };
  } catch {
    return {};
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
