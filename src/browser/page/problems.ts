import type { Status } from '../client/api.ts';
import type { WireDevice } from '../wire.ts';
import { el } from './element.ts';
import type { Refused } from './lock.ts';
import { ReadinessWatch } from './readiness.ts';
import { isLive } from './status.ts';
import {
  connectionTrouble,
  deviceTroubles,
  fullTrouble,
  lockTrouble,
  type Readiness,
  storeTrouble,
  type Trouble,
} from './troubles.ts';

/** A connection that is back sooner was no problem: the top of the page has said it. */
const GRACE_MS = 4_000;

export interface ProblemActions {
  /** Hears why nothing can come though the stream is open, and undefined when it can again. */
  block(why: string | undefined): void;
  /** Somebody wants to give a key. */
  unlock(): void;
}

/** What is wrong, each with its remedy, where one looks first. Nothing wrong: nothing there. */
export class Problems {
  readonly #root: HTMLElement;
  readonly #list: HTMLElement;
  readonly #actions: ProblemActions;
  readonly #shown = new Map<string, { readonly element: HTMLElement; readonly said: string }>();
  /** What somebody has read and put away, as it was worded then: when it gets worse it is back. */
  readonly #putAway = new Map<string, string>();
  readonly #watch = new ReadinessWatch((readiness) => this.#hearReadiness(readiness));
  #status: Status | undefined;
  #device: WireDevice | undefined;
  #readiness: Readiness = 'unasked';
  #full = '';
  #refused: Refused | undefined;
  /** For longer than a moment. */
  #away = false;
  #grace: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, actions: ProblemActions) {
    this.#root = root;
    this.#actions = actions;
    this.#list = root.querySelector('ul') as HTMLElement;
  }

  status(status: Status): void {
    this.#status = status;
    if (isLive(status)) {
      clearTimeout(this.#grace);
      this.#grace = undefined;
      this.#away = false;
    } else {
      this.#grace ??= setTimeout(() => {
        this.#away = true;
        this.#show();
      }, GRACE_MS);
    }
    this.#worry();
    this.#show();
  }

  device(device: WireDevice): void {
    this.#device = device;
    this.#show();
  }

  /** Reading was refused for want of a key; undefined: it is not, or no longer. */
  locked(refused: Refused | undefined): void {
    this.#refused = refused;
    this.#show();
  }

  /** How a request of this page was answered. */
  answered(status: number, reason: string): void {
    if (status === 507) this.#full = reason;
    else if (status === 201) this.#full = '';
    // It may be the store; it may be the sidecar alone.
    if (status === 503) this.#watch.worry(true);
    this.#show();
  }

  #hearReadiness(readiness: Readiness): void {
    this.#readiness = readiness;
    this.#actions.block(storeTrouble(readiness)?.title);
    this.#worry();
    this.#show();
  }

  #worry(): void {
    const status = this.#status;
    const fine = status === undefined || isLive(status);
    this.#watch.worry(!fine || typeof this.#readiness === 'object');
  }

  #troubles(): Trouble[] {
    const store = storeTrouble(this.#readiness);
    const found = [
      store,
      // One reason is enough: without its store, or without a key, the server gives no stream.
      store ? undefined : this.#refused ? lockTrouble(this.#refused) : this.#connection(),
      this.#full === '' ? undefined : fullTrouble(this.#full),
      ...(this.#device ? deviceTroubles(this.#device) : []),
    ];
    return found.filter((trouble) => trouble !== undefined);
  }

  #connection(): Trouble | undefined {
    const status = this.#status;
    if (!status || !(this.#away || status.state === 'polling' || status.state === 'stopped'))
      return undefined;
    return connectionTrouble(status, this.#readiness, navigator.onLine);
  }

  /** Only what has changed is written: the list is a live region. */
  #show(): void {
    const troubles = this.#troubles().filter((trouble) => this.#putAway.get(trouble.key) !== said(trouble));
    for (const [key, { element }] of this.#shown) {
      if (troubles.some((trouble) => trouble.key === key)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    troubles.forEach((trouble, i) => {
      const shown = this.#shown.get(trouble.key);
      if (shown?.said === said(trouble)) return;
      const element = this.#rowOf(trouble);
      if (shown) shown.element.replaceWith(element);
      else this.#list.insertBefore(element, this.#list.children[i] ?? null);
      this.#shown.set(trouble.key, { element, said: said(trouble) });
    });
    this.#root.classList.toggle('none', troubles.length === 0);
  }

  #rowOf(trouble: Trouble): HTMLElement {
    const { key, tone, title, text } = trouble;
    const words = el(
      'p',
      { id: `problem-${key.replace(/\s+/g, '-')}` },
      el('strong', { dir: 'auto' }, title),
      ' ',
    );
    words.append(...withCode(text));
    const row = el(
      'li',
      { 'data-tone': tone },
      el('span', { class: 'sign', 'aria-hidden': 'true' }, '!'),
      words,
    );
    if (tone === 'note') row.append(this.#putAwayButton(trouble));
    if (trouble.remedy !== undefined) row.append(this.#remedyButton(trouble.remedy));
    return row;
  }

  #remedyButton(words: string): HTMLElement {
    const button = el('button', { type: 'button', class: 'small' }, words);
    button.addEventListener('click', () => this.#actions.unlock());
    return button;
  }

  #putAwayButton(trouble: Trouble): HTMLElement {
    const button = el(
      'button',
      { type: 'button', class: 'quiet', 'aria-label': `Put away: ${trouble.title}` },
      'Noted',
    );
    button.addEventListener('click', () => {
      this.#putAway.set(trouble.key, said(trouble));
      this.#show();
      // What had the focus is gone: it goes on from where it was, not from the top of the page.
      (this.#list.querySelector('button') ?? document.querySelector('main'))?.focus();
    });
    return button;
  }
}

function said({ title, text }: Trouble): string {
  return `${title} ${text}`;
}

/** What stands between backticks is for a shell or a settings file. */
function withCode(text: string): (Node | string)[] {
  return text.split('`').map((piece, i) => (i % 2 === 0 ? piece : el('code', {}, piece)));
}
