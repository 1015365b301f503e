import { ask } from './ask.ts';
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

/** A server that stands still, also in the midst of its answer, shall not hold a button for ever. */
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
      const { ok, status, answer } = await request(path, body, keepalive);
      const { error, field } = Object(answer) as { error?: string; field?: string };
      const reason = ok ? '' : (error ?? `The server answered ${status}.`);
      for (const listener of this.#listeners) listener(status, reason);
      if (ok) return answer as Answer;
      if (status !== 401) throw new Refusal(reason, field);
      // What the server says when none was sent is for programs; that one was wrong is for people too.
      const wrong = this.#key.value === '' ? '' : reason;
      this.#key.forget();
      if (!(await this.#key.ask(wrong))) throw new Refusal(wrong || 'This needs the publish key.');
    }
  }
}

async function request(
  path: string,
  body: unknown,
  keepalive: boolean,
): Promise<{ ok: boolean; status: number; answer: unknown }> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await ask(path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      keepalive,
      signal,
    });
    const { ok, status } = response;
    return { ok, status, answer: await response.json().catch(() => signal.throwIfAborted()) };
  } catch {
    throw new Refusal(
      signal.aborted
        ? `The server has not answered in ${PATIENCE_MS / 1000} s: nobody knows whether it was done.`
        : 'The server cannot be reached at the moment.',
    );
  }
}
