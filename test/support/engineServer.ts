import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { post } from './request.ts';

/** Ends the streams that are open, and answers further ones as a proxy does before an app that is away. */
export class Refusing {
  /** The first one was answered so. */
  readonly refused: Promise<void>;
  readonly #open = new Set<ServerResponse>();
  #refuses = false;
  #refuse: () => void = () => undefined;

  constructor() {
    this.refused = new Promise((refuse) => {
      this.#refuse = refuse;
    });
  }

  takes(url: string | undefined, response: ServerResponse): boolean {
    if (!isStream(url)) return false;
    if (!this.#refuses) {
      this.#open.add(response);
      return false;
    }
    response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
    this.#refuse();
    return true;
  }

  begin(): void {
    this.#refuses = true;
    for (const response of this.#open) response.destroy();
    this.#open.clear();
  }

  end(): void {
    this.#refuses = false;
  }
}

export function isStream(url = ''): boolean {
  return /^\/stream(\?|$)/.test(url);
}

export async function publish(url: string, channel: string, data: string, event?: string): Promise<void> {
  const { status, text } = await post(`${url}/events`, { channel, data, event });
  assert.equal(status, 201, text);
}

export async function publishAll(url: string, channel: string, all: readonly string[]): Promise<void> {
  for (const data of all) await publish(url, channel, data);
}
