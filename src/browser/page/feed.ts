import type { Gap, PinstreamEvent } from '../client.ts';
import { part } from './element.ts';
import { Chosen } from './events/chosen.ts';
import { copyButton } from './events/clipboard.ts';
import { Download } from './events/download.ts';
import { Empty } from './events/empty.ts';
import type { Entry } from './events/entries.ts';
import { gapRow } from './events/gapRow.ts';
import { List } from './events/list.ts';
import { Menu } from './events/menu.ts';
import { Past } from './events/past.ts';
import { eventRow, type RowContext } from './events/row.ts';
import { Speaker } from './events/speaker.ts';
import { Stock } from './events/stock.ts';
import { Frame } from './frame.ts';
import type { Aspect, View } from './view.ts';

/** What is drawn, unless more is asked for; and what is drawn at most. */
const SHOWN = 200;
const MOST_SHOWN = 1_000;
/** A choice that the page knows less of is looked up in the log. */
const FEW = 50;
/** More at once than anybody could follow are not pointed out one by one. */
const POINTED_OUT = 10;
/** While many come, the rows are drawn less often than the screen could show: nobody reads more of them for it. */
const CALM_MS = 100;
/** What comes in the first moment is from the log. */
const SETTLING_MS = 1_000;

export interface FeedOptions {
  /** Whether publishing takes a key, as far as this browser knows. */
  readonly withKey?: () => boolean;
}

/** What happens, newest first. Events are drawn once a frame at most, however many come; the page stays bounded. */
export class Feed {
  readonly #root: HTMLElement;
  readonly #view: View;
  readonly #stock = new Stock();
  readonly #list: List;
  readonly #past: Past;
  readonly #empty: Empty;
  readonly #chosen: Chosen;
  readonly #speaker: Speaker;
  readonly #search: HTMLInputElement;
  readonly #frame = new Frame(() => this.#draw());
  readonly #withKey: () => boolean;
  #drawn = Number.NEGATIVE_INFINITY;
  #calm: ReturnType<typeof setTimeout> | undefined;
  #most = SHOWN;
  #isPaused = false;
  /** Older events were asked for: the list stands until somebody is back at the newest ones. */
  #isBack = false;
  #liveSince: number | undefined;
  #isLookedUp = false;

  constructor(root: HTMLElement, view: View, { withKey = () => false }: FeedOptions = {}) {
    this.#root = root;
    this.#view = view;
    this.#withKey = withKey;
    this.#list = new List(
      part(root, 'rows'),
      part(root, 'top'),
      () => this.#attend(),
      () => {
        this.#isBack = false;
      },
    );
    this.#past = new Past(root, () => void this.#showOlder());
    this.#empty = new Empty(root, () => view.set({ search: '' }));
    this.#chosen = new Chosen(root, view);
    this.#speaker = new Speaker(part(root, 'spoken'));
    this.#search = part<HTMLInputElement>(root, 'search');
    this.#search.value = view.search;
    this.#search.addEventListener('input', () => view.set({ search: this.#search.value }, { typed: true }));
    part(root, 'pause').addEventListener('click', () => this.togglePause());
    part(root, 'new').addEventListener('click', () => this.#toTop());
    part(root, 'link').replaceWith(copyButton('Copy link to this view', () => linkTo(view)));
    const menu = new Menu(part<HTMLDetailsElement>(root, 'menu'));
    new Download(
      root,
      () => view.channels,
      () => menu.close(),
    );
    this.#stock.want(view);
    view.watch((changed) => this.#change(changed));
  }

  add(event: PinstreamEvent): void {
    this.#keep(this.#stock.add(event));
  }

  addGap(gap: Gap): void {
    this.#keep(this.#stock.addGap(gap));
  }

  live(live: boolean): void {
    if (!live || this.#liveSince !== undefined) return;
    this.#liveSince = performance.now();
    // That there is nothing in the log is known only when nothing came.
    setTimeout(() => void this.#lookUp(), SETTLING_MS);
  }

  togglePause(): void {
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) this.#speaker.hush();
    else this.#isBack &&= this.#list.isRead;
    this.#attend();
    this.#draw();
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  #keep(isWanted: boolean): void {
    if (isWanted && this.#isSettled && !this.#isPaused) this.#speaker.heard();
    const wait = this.#drawn + CALM_MS - performance.now();
    if (wait <= 0) this.#frame.ask();
    else this.#calm ??= setTimeout(() => this.#frame.ask(), wait);
  }

  /** The list stands while it is paused or read, and goes on afterwards. */
  #attend(): void {
    const stands = this.#isPaused || this.#isBack || this.#list.isRead;
    if (stands === this.#stock.isHeld) return;
    if (stands) this.#stock.hold();
    else this.#goOn();
    this.#frame.ask();
  }

  #goOn(): void {
    this.#stock.release();
    this.#isBack = false;
    this.#most = SHOWN;
    this.#past.forget();
  }

  #draw(): void {
    this.#drawn = performance.now();
    clearTimeout(this.#calm);
    this.#calm = undefined;
    const { entries, wanted } = this.#stock.newest(this.#most);
    const context = { wanted: this.#stock.expression, withKey: this.#withKey };
    const rows = this.#list.draw(entries, (entry) => rowOf(entry, context));
    this.#stock.drawn();
    if (this.#isSettled && rows.length <= POINTED_OUT) for (const row of rows) row.classList.add('fresh');
    this.#say(wanted);
  }

  #say(wanted: number): void {
    const known = this.#stock.all.reduce((count, { event }) => count + (event ? 1 : 0), 0);
    const { channels, search } = this.#view;
    const isAll = channels.length === 0 && search === '';
    this.#write('found', known === 0 ? '' : isAll ? figure(known) : `${figure(wanted)} of ${figure(known)}`);
    this.#sayBehind();
    const hasMore = wanted > this.#most;
    if (known === 0 || (this.#list.isEmpty && search === '')) this.#past.hide();
    else this.#past.show({ isSearch: search !== '', hasMore, isFull: this.#most >= MOST_SHOWN });
    if (this.#liveSince === undefined || !this.#isLookedUp) this.#empty.hide();
    else this.#empty.show({ known, isEmpty: this.#list.isEmpty, channels, search });
  }

  #sayBehind(): void {
    const { came, forgotten } = this.#stock.behind;
    const words = came > 0 ? `Resume (${figure(came)} new)` : 'Resume';
    this.#write('pause', this.#isPaused ? words : 'Pause');
    const more = part(this.#root, 'new');
    more.hidden = this.#isPaused || came === 0;
    this.#write('new', `${figure(came)} new`);
    const lost =
      forgotten > 0
        ? `${figure(forgotten)} of the new events are more than this page remembers. The log has them: a search or the download finds them.`
        : '';
    this.#write('forgotten', lost);
    part(this.#root, 'forgotten').hidden = lost === '';
  }

  /** Only what has changed is written: writing costs, and some of it is read out. */
  #write(name: string, text: string): void {
    const element = part(this.#root, name);
    if (element.textContent !== text) element.textContent = text;
  }

  #change(changed: ReadonlySet<Aspect>): void {
    if (!changed.has('channels') && !changed.has('search')) return;
    if (this.#search.value !== this.#view.search) this.#search.value = this.#view.search;
    if (changed.has('search')) this.#list.clear();
    this.#stock.want(this.#view);
    this.#most = SHOWN;
    this.#past.forget();
    this.#chosen.show();
    this.#draw();
    if (changed.has('channels')) void this.#lookUp();
  }

  /** Of chosen channels that were quiet for long the page knows little: the log has it. */
  async #lookUp(): Promise<void> {
    if (this.#view.channels.length > 0 && this.#view.search === '') await this.#readFor(FEW);
    this.#isLookedUp = true;
    this.#frame.ask();
  }

  async #showOlder(): Promise<void> {
    this.#isBack = true;
    this.#stock.hold();
    await this.#readFor(this.#most + SHOWN);
    this.#most = Math.min(MOST_SHOWN, this.#most + SHOWN);
    this.#draw();
  }

  /** Reads the log until so many rows have no hole between them: at first only the last few of each channel are known. */
  #readFor(rows: number): Promise<void> {
    const { channels, search } = this.#view;
    const add = (event: PinstreamEvent) => this.#stock.addOlder(event);
    const isEnough = (from: number) => this.#stock.wantedFrom(from) >= rows;
    return this.#past.read({ channels, isSearch: search !== '', from: this.#stock.newestId, add, isEnough });
  }

  #toTop(): void {
    // Rows that were opened are closed with it.
    this.#list.clear();
    this.#goOn();
    this.#list.scrollToTop();
    part(this.#root, 'title').focus({ preventScroll: true });
    this.#root.scrollIntoView({ block: 'start' });
    this.#draw();
  }

  get #isSettled(): boolean {
    return this.#liveSince !== undefined && performance.now() - this.#liveSince > SETTLING_MS;
  }
}

function rowOf({ event, gap }: Entry, context: RowContext): HTMLElement {
  return event ? eventRow(event, context) : gapRow(gap as Gap);
}

function linkTo(view: View): string {
  return `${location.origin}${location.pathname}${location.search}${view.hash}`;
}

function figure(count: number): string {
  return count.toLocaleString('en');
}
