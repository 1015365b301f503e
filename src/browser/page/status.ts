import type { Status } from '../client.ts';

const TITLES: Record<Status['state'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  waiting: 'Not live',
  stopped: 'Stopped',
};

/** Whether the stream is up, in words. A live region: it is spoken only when it changes. */
export class StatusLine {
  readonly #root: HTMLElement;
  readonly #title: HTMLElement;
  readonly #why: HTMLElement;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#title = root.querySelector('strong') as HTMLElement;
    this.#why = root.querySelector('.why') as HTMLElement;
  }

  show(status: Status): void {
    this.#root.dataset.state = status.state;
    this.#title.textContent = TITLES[status.state];
    this.#why.textContent =
      status.state === 'waiting' ? `${status.reason} Trying again by itself.` : status.reason;
  }
}
