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

/** Sends JSON, with the key where it is known; asks for it when the server wants it. */
export class Post {
  readonly #key: Key;

  constructor(key: Key) {
    this.#key = key;
  }

  async send<Answer>(path: string, body: unknown): Promise<Answer> {
    for (;;) {
      const response = await this.#request(path, body);
      const answer: unknown = await response.json().catch(() => undefined);
      if (response.ok) return answer as Answer;
      const { error, field } = (answer ?? {}) as { error?: string; field?: string };
      const reason = error ?? `The server answered ${response.status}.`;
      if (response.status !== 401) throw new Refusal(reason, field);
      // What the server says when none was sent is for programs; that one was wrong is for people too.
      const wrong = this.#key.value === '' ? '' : reason;
      this.#key.forget();
      if (!(await this.#key.ask(wrong))) throw new Refusal(wrong || 'This needs the publish key.');
    }
  }

  async #request(path: string, body: unknown): Promise<Response> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#key.value) headers.authorization = `Bearer ${this.#key.value}`;
    try {
      return await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    } catch {
      throw new Refusal('The server cannot be reached at the moment.');
    }
  }
}
