import { Agent, request } from 'node:http';
import type { DeviceState, PinState } from '../../../src/contract/device.ts';
import type { GestureData } from '../../../src/contract/gestures.ts';
import { APP_PORT } from './program.ts';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface Heard {
  readonly event: string;
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A gesture with its time as a number. */
export interface Gesture extends Omit<GestureData, 'at'> {
  readonly event: string;
  readonly at: number;
}

const agent = new Agent({ keepAlive: true });

export function get<T>(path: string): Promise<Answer<T>> {
  return ask('GET', path);
}

export function post<T>(path: string, body: object): Promise<Answer<T>> {
  return ask('POST', path, JSON.stringify(body));
}

function ask<T>(method: string, path: string, body?: string): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const sent = request({ host: '127.0.0.1', port: APP_PORT, method, path, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode as number, body: JSON.parse(text) as T }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The events of one channel in their order, each once, as the app tells them. */
export class Channel {
  /** Of the gestures that were waited for last, those that came: for whoever reads of a failure. */
  static summary = '';
  readonly #name: string;
  readonly #waiting: Heard[] = [];
  #cursor = '';

  constructor(name: string) {
    this.#name = name;
  }

  /** The next event; waits for it. */
  async next(): Promise<Heard> {
    for (;;) {
      const heard = this.#waiting.shift();
      if (heard) return heard;
      await this.#read(50);
    }
  }

  /** The next gestures, or the next of these kinds; waits until there are so many. */
  async gestures(count: number, ...kinds: string[]): Promise<Gesture[]> {
    const found: Gesture[] = [];
    while (found.length < count) {
      const heard = await this.next();
      if (kinds.length === 0 || kinds.includes(heard.event)) found.push(gesture(heard));
      const numbers = found.map(({ event, press }) => `${event} ${press}`).join(', ');
      Channel.summary = `Of ${count} gestures ${this.#name} said ${found.length}: ${numbers}`;
    }
    return found;
  }

  /** All that is there and was not asked for. */
  async rest(): Promise<Heard[]> {
    let length: number;
    do {
      length = this.#waiting.length;
      await this.#read(0);
    } while (this.#waiting.length > length);
    return this.#waiting.splice(0);
  }

  async #read(wait: number): Promise<void> {
    const query = `channel=${this.#name}&limit=1000&wait=${wait}${this.#cursor && `&since=${this.#cursor}`}`;
    const { status, body } = await get<{ cursor: string; events: Heard[] }>(`/events?${query}`);
    // While Redis is away the app cannot tell.
    if (status === 503) return new Promise((later) => setTimeout(later, 500));
    if (status !== 200) throw new Error(`GET /events?${query}: ${status} ${JSON.stringify(body)}`);
    this.#cursor = body.cursor;
    this.#waiting.push(...body.events);
  }
}

function gesture({ event, data }: Heard): Gesture {
  const said = JSON.parse(data) as GestureData;
  const micros = Number(said.at.slice(23, 26)) / 1000;
  return { ...said, event, at: Date.parse(`${said.at.slice(0, 23)}Z`) + micros };
}

/** What the device says of itself. */
export class Device {
  readonly #channel = new Channel('device');
  #state: DeviceState | undefined;
  #awaited = '';

  /** Waits until it says what is wanted; fails with its last words. */
  async until(
    wanted: (pin: (name: string) => PinState, state: DeviceState) => boolean,
  ): Promise<DeviceState> {
    for (;;) {
      const state = this.#state;
      if (state && wanted((name) => named(state, name), state)) return state;
      this.#state = JSON.parse((await this.#channel.next()).data) as DeviceState;
    }
  }

  /** Waits for a pin's trouble in just these words, or for its end. */
  async says(name: string, problem: string | undefined): Promise<void> {
    this.#awaited = `${name}: ${problem ?? 'works'}`;
    await this.until((pin) => pin(name).gpio >= 0 && pin(name).problem === problem);
    this.#awaited = '';
  }

  /** What it has said last. */
  async now(): Promise<DeviceState> {
    const said = (await this.#channel.rest()).at(-1);
    if (said) this.#state = JSON.parse(said.data) as DeviceState;
    return this.#state as DeviceState;
  }

  /** What was said so far counts no more. */
  async forget(): Promise<void> {
    await this.#channel.rest();
    this.#state = undefined;
  }

  get last(): DeviceState | undefined {
    return this.#state;
  }

  /** For whoever reads of a failure. */
  get summary(): string {
    return `The device was to say: ${this.#awaited}\nThe device said: ${JSON.stringify(this.#state)}`;
  }
}

export function named({ pins }: DeviceState, name: string): PinState {
  return pins.find((pin) => pin.name === name) ?? { name, gpio: -1, direction: 'in', level: null };
}
