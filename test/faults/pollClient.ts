import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { type Client, Heard, type Said } from './client.ts';
import { type ClientSpec, hashOf } from './history.ts';

interface Page {
  readonly cursor: string;
  readonly events: readonly { id: string; channel: string; event: string; data: string }[];
  readonly gap: readonly { channel?: string; until?: string; reason?: string }[] | null;
}

const WAIT_S = 10;

/** Listens by asking again and again: `GET /events?wait=`, or cyclone's form. */
export class PollClient implements Client {
  readonly spec: ClientSpec;
  readonly #say: (said: Said) => void;
  readonly #heard = new Heard();
  #round = new AbortController();
  #pause = 0;
  #next: string | null | undefined;
  #stopped = false;
  dead = false;

  constructor(spec: ClientSpec, say: (said: Said) => void) {
    this.spec = spec;
    this.#say = say;
    say({ is: 'life', from: null });
    void this.#run();
  }

  get n(): number {
    return this.#heard.n;
  }

  pause(milliseconds: number): void {
    this.#pause = milliseconds;
  }

  leave(milliseconds: number): void {
    this.#pause = milliseconds;
    this.#round.abort();
  }

  goBack(share: number): void {
    this.#next = this.#heard.back(share);
    this.#round.abort();
  }

  change(): void {}

  stop(): void {
    this.#stopped = true;
    this.#round.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#round = new AbortController();
      if (this.#next !== undefined) {
        this.#heard.cursor = this.#next;
        this.#say({ is: 'life', from: this.#next });
        this.#next = undefined;
      }
      if (this.#pause > 0) await sleep(this.#pause);
      this.#pause = 0;
      try {
        if (this.spec.kind === 'xhr') await this.#askCyclone();
        else await this.#ask();
      } catch (error) {
        if (this.#round.signal.aborted) continue;
        this.#say({ is: 'error', why: String((error as Error).cause ?? error) });
        await sleep(300);
      }
    }
  }

  async #ask(): Promise<void> {
    const url = new URL('/events', this.spec.url);
    for (const channel of this.spec.channels) url.searchParams.append('channel', channel);
    const { cursor } = this.#heard;
    // Who has no cursor asks for the newest place first.
    if (cursor !== null) url.searchParams.set('since', cursor);
    else url.searchParams.set('limit', '1');
    url.searchParams.set('wait', String(WAIT_S));
    const answer = await this.#get(url, {});
    if (answer.status !== 200) return this.#refused(answer.status, await answer.text());
    const page = (await answer.json()) as Page;
    if (this.#round.signal.aborted) return;
    if (cursor === null) {
      this.#heard.cursor = page.cursor;
      this.#say({ is: 'open', at: page.cursor });
      return;
    }
    for (const { channel, until } of page.gap ?? [])
      this.#say({ is: 'gap', channel: channel ?? null, until: until ?? '' });
    for (const { id, channel, event, data } of page.events) {
      this.#heard.add(id);
      this.#say({ is: 'event', id, hash: hashOf(channel, event, data) });
    }
    this.#heard.cursor = page.cursor;
    this.#say({ is: 'at', at: page.cursor });
  }

  async #askCyclone(): Promise<void> {
    const url = new URL('/sse/', this.spec.url);
    for (const channel of this.spec.channels) url.searchParams.append('channels', channel);
    const { cursor } = this.#heard;
    const answer = await this.#get(url, {
      'X-Requested-With': 'XMLHttpRequest',
      ...(cursor === null ? {} : { 'Last-Event-ID': cursor }),
    });
    const text = await answer.text();
    if (this.#round.signal.aborted) return;
    if (answer.status !== 200) return this.#refused(answer.status, text);
    let heard = false;
    const parser = createParser({
      onEvent: (event) => {
        heard = true;
        if (event.id === undefined || event.event === 'pinstream') return;
        this.#heard.add(event.id);
        this.#say({ is: 'event', id: event.id, hash: hashOf(event.data) });
      },
    });
    parser.feed(text);
    if (heard) return;
    const id = /^id: (\S+)$/m.exec(text)?.[1];
    if (id === undefined) await sleep(Number(/^retry: (\d+)$/m.exec(text)?.[1] ?? 300));
    else if (cursor === null) this.#say({ is: 'open', at: id });
    if (id !== undefined) this.#heard.cursor = id;
  }

  #get(url: URL, headers: Record<string, string>): Promise<Response> {
    const signal = AbortSignal.any([this.#round.signal, AbortSignal.timeout((WAIT_S + 10) * 1000)]);
    return fetch(url, { headers, signal });
  }

  async #refused(status: number, text: string): Promise<void> {
    if (status < 500) {
      this.dead = true;
      this.#stopped = true;
      this.#say({ is: 'dead', why: `${status} ${text}` });
      return;
    }
    this.#say({ is: 'error', why: `${status} ${text}` });
    await sleep(300);
  }
}
