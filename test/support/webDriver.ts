import { eventually } from './ready.ts';

/** A session of a browser that is driven by WebDriver: https://w3c.github.io/webdriver */
export class WebDriver {
  readonly #address: string;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(address: string) {
    this.#address = address;
  }

  /** Waits for the driver, which says nothing when it is there. `isOver`: it never will be. */
  static async open(url: string, capabilities: object, isOver: () => boolean): Promise<WebDriver> {
    await eventually('the driver answers', async () => isOver() || (await answers(`${url}/status`)));
    const { sessionId } = await ask<{ sessionId: string }>('POST', `${url}/session`, { capabilities });
    return new WebDriver(`${url}/session/${sessionId}`);
  }

  /** For all windows. */
  command<T = unknown>(method: string, path: string, body: object = {}): Promise<T> {
    return this.#inTurn(() => ask<T>(method, this.#address + path, body));
  }

  /** For one window. The driver has one that is meant, so that nothing may come in between. */
  inWindow<T = unknown>(handle: string, method: string, path: string, body: object = {}): Promise<T> {
    return this.#inTurn(async () => {
      await ask('POST', `${this.#address}/window`, { handle });
      return ask<T>(method, this.#address + path, body);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function ask<T>(method: string, url: string, body: object): Promise<T> {
  const sent = method === 'POST' && { body: JSON.stringify(body) };
  const response = await fetch(url, { method, ...sent });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value as T;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`${method} ${new URL(url).pathname}: ${error}: ${message}`);
}
