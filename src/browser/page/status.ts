import type { Status } from '../client/api.ts';
import { write } from './element.ts';

const WORDS: Record<Status['state'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  polling: 'Live by polling',
  waiting: 'Not live',
  stopped: 'Stopped',
};

const NAME = 'Pinstream';

/** Whether events come in, whichever way. */
export function isLive({ state }: Status): boolean {
  return state === 'live' || state === 'polling';
}

/** Whether the stream is up, in words: at the top of the page, and in the tab for who looks at another one. */
export class StatusLine {
  readonly #root: HTMLElement;
  readonly #word: HTMLElement;
  readonly #why: HTMLElement;
  readonly #countdown: HTMLElement;
  readonly #icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  #wasLive = false;
  #status: Status | undefined;
  #blocked: string | undefined;
  #isLocked = false;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#word = root.querySelector('strong') as HTMLElement;
    this.#why = root.querySelector('.why') as HTMLElement;
    this.#countdown = root.querySelector('.countdown') as HTMLElement;
  }

  show(status: Status): void {
    this.#status = status;
    if (this.#isLocked) this.#draw(LOCKED);
    else this.#draw(this.#blocked !== undefined && isLive(status) ? blocked(this.#blocked) : status);
  }

  /** Without a key there is no stream, however often it is tried. */
  lock(isLocked: boolean): void {
    this.#isLocked = isLocked;
    if (this.#status) this.show(this.#status);
  }

  /** A stream is open, and still nothing can come through it: why, in a few words. undefined: it can again. */
  block(why: string | undefined): void {
    this.#blocked = why;
    if (this.#status) this.show(this.#status);
  }

  #draw(status: Status): void {
    const { state, reason } = status;
    this.#root.dataset.state = state;
    write(this.#word, WORDS[state]);
    const goesOn = state === 'waiting' && status !== LOCKED;
    write(this.#why, goesOn ? `${reason} Trying again by itself.` : reason);
    // Outside of the live region, and not for screen readers: nobody wants every second spoken.
    write(this.#countdown, countdownOf(status));
    this.#showInTab(status);
  }

  /** At the first load the tab says nothing: "connecting" is over in a moment. */
  #showInTab(status: Status): void {
    const live = isLive(status);
    const title = live || (status.state === 'connecting' && !this.#wasLive) ? NAME : awayTitle(status);
    if (document.title !== title) document.title = title;
    this.#wasLive ||= live;
    const icon = title === NAME ? 'icon.svg' : 'icon-away.svg';
    if (this.#icon && !this.#icon.href.endsWith(`/${icon}`)) this.#icon.href = `/assets/page/${icon}`;
  }
}

const LOCKED: Status = { state: 'waiting', reason: 'Reading needs a key.' };

function blocked(why: string): Status {
  return { state: 'waiting', reason: `${why}.` };
}

function awayTitle({ state }: Status): string {
  return `○ ${WORDS[state]} – ${NAME}`;
}

function countdownOf({ state, seconds }: Status): string {
  if (state !== 'waiting' || seconds === undefined || seconds < 1) return '';
  return `${Math.ceil(seconds)} s`;
}
