import type { Key } from './key.ts';

/** A request that was not granted; the message is the server's sentence. */
export class Refusal extends Error {
  /** Which field of the request was wrong, if it was one. */
  readonly field: string | undefined;

  constructor(message: string, field?: string) {
    super(message);
    this.name = 'Refusal';
    this.field = field;
  }
}

/** Hears how each request was answered: the status, and the server's sentence where it refused. */
export type AnswerListener = (status: number, reason: string) => void;

/** A server that stands still shall not hold a button for ever. */
const PATIENCE_MS = 15_000;

/** Sends JSON, with the key where it is known; asks for it when the server wants it. */
export class Post {
  readonly #key: Key;
  readonly #listeners: AnswerListener[] = [];

  constructor(key: Key) {
    this.#key = key;
  }

  watch(listener: AnswerListener): void {
    this.#listeners.push(listener);
  }

  /** `keepalive`: for what is small and must arrive also while the page is left. */
  async send<Answer>(path: string, body: unknown, { keepalive = false } = {}): Promise<Answer> {
    for (;;) {
      const response = await this.#request(path, body, keepalive);
      const answer: unknown = await response.json().catch(() => undefined);
      const { error, field } = Object(answer) as { error?: string; field?: string };
      const reason = response.ok ? '' : (error ?? `The server answered ${response.status}.`);
      for (const listener of this.#listeners) listener(response.status, reason);
      if (response.ok) return answer as Answer;
      if (response.status !== 401) throw new Refusal(reason, field);
      // What the server says when none was sent is for programs; that one was wrong is for people too.
      const wrong = this.#key.value === '' ? '' : reason;
      this.#key.forget();
      if (!(await this.#key.ask(wrong))) throw new Refusal(wrong || 'This needs the publish key.');
    }
  }

  async #request(path: string, body: unknown, keepalive: boolean): Promise<Response> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#key.value) headers.authorization = `Bearer ${this.#key.value}`;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
    const { signal } = patience;
    try {
      return await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), keepalive, signal });
    } catch {
      throw new Refusal(
        signal.aborted
          ? `The server has not answered in ${PATIENCE_MS / 1000} s: nobody knows whether it was done.`
          : 'The server cannot be reached at the moment.',
      );
    } finally {
      clearTimeout(timer);
    }
  }
}
