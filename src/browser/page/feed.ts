import type { Gap, PinstreamEvent } from '../client.ts';
import { part, write } from './element.ts';
import { showBehind } from './events/behind.ts';
import { Chosen } from './events/chosen.ts';
import { copyButton } from './events/clipboard.ts';
import { Download } from './events/download.ts';
import { Empty } from './events/empty.ts';
import { List } from './events/list.ts';
import { Menu } from './events/menu.ts';
import { Past } from './events/past.ts';
import { rowOf, withBorder } from './events/rows.ts';
import { Speaker } from './events/speaker.ts';
import { Stock } from './events/stock.ts';
import { figure } from './figure.ts';
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
  #drawn = Number.NEGATIVE_INFINITY;
  #calm: ReturnType<typeof setTimeout> | undefined;
  #most = SHOWN;
  #isPaused = false;
  /** Older events were asked for: the list stands until somebody is back at the newest ones. */
  #isBack = false;
  #liveSince: number | undefined;
  #isLookedUp = false;
  /** Between the newest events nothing is left out, also once the list goes on. */
  #isComplete = false;

  constructor(root: HTMLElement, view: View) {
    this.#root = root;
    this.#view = view;
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
    if (!live) return;
    if (this.#liveSince !== undefined) {
      if (!this.#isComplete) void this.#lookUp();
      return;
    }
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
    if (!this.#isComplete && this.#liveSince !== undefined) void this.#lookUp();
  }

  #draw(): void {
    this.#drawn = performance.now();
    clearTimeout(this.#calm);
    this.#calm = undefined;
    const { entries, wanted } = this.#stock.newest(this.#most);
    const context = {
      entries,
      wanted: this.#stock.expression,
      fill: () => void this.#showOlder(),
    };
    const shown = this.#isLookedUp ? withBorder(entries, this.#stock) : entries;
    const rows = this.#list.draw(shown, (entry) => rowOf(entry, context));
    this.#stock.drawn();
    if (this.#isSettled && rows.length <= POINTED_OUT) for (const row of rows) row.classList.add('fresh');
    this.#say(wanted);
  }

  #say(wanted: number): void {
    const { known, made, device } = this.#stock.counts;
    const { channels, search } = this.#view;
    const isAll = channels.length === 0 && search === '';
    const found = isAll ? figure(known) : `${figure(wanted)} of ${figure(known)}`;
    write(part(this.#root, 'found'), known === 0 ? '' : found);
    showBehind(this.#root, this.#stock.behind, this.#isPaused);
    const hasMore = wanted > this.#most;
    if (known === 0 || (this.#list.isEmpty && search === '')) this.#past.hide();
    else {
      const isFull = this.#most >= MOST_SHOWN;
      this.#past.show({ isSearch: search !== '', hasMore, isFull, isWhole: this.#stock.isWhole });
    }
    if (this.#liveSince === undefined || !this.#isLookedUp) this.#empty.hide();
    else this.#empty.show({ known, made, device, isEmpty: this.#list.isEmpty, channels, search });
  }

  #change(changed: ReadonlySet<Aspect>): void {
    if (!changed.has('channels') && !changed.has('search')) return;
    if (this.#search.value !== this.#view.search) this.#search.value = this.#view.search;
    if (changed.has('search')) this.#list.clear();
    this.#stock.want(this.#view);
    this.#most = SHOWN;
    this.#past.forget();
    this.#chosen.show();
    if (changed.has('channels')) {
      this.#isLookedUp = false;
      this.#isComplete = false;
    }
    this.#draw();
    if (!this.#isComplete && this.#liveSince !== undefined) void this.#lookUp();
  }

  /** At first the last few events of each channel are known. The log has what is between the newest ones. */
  async #lookUp(): Promise<void> {
    if (this.#view.search === '') {
      // Nothing at all is whole, too.
      this.#isComplete = this.#stock.begin();
      await this.#readFor(FEW, true);
    }
    this.#isLookedUp = true;
    this.#frame.ask();
  }

  async #showOlder(): Promise<void> {
    this.#isBack = true;
    this.#stock.hold();
    await this.#readFor(this.#most + SHOWN, false);
    this.#most = Math.min(MOST_SHOWN, this.#most + SHOWN);
    this.#draw();
  }

  /** Reads the log until so many rows have no hole between them. */
  async #readFor(rows: number, isQuiet: boolean): Promise<void> {
    const { channels, search } = this.#view;
    const add = (event: PinstreamEvent) => this.#stock.addOlder(event);
    const isEnough = (from: number) => this.#stock.wantedFrom(from) >= rows;
    const isSearch = search !== '';
    const { isHeld, newestId } = this.#stock;
    const from = await this.#past.read({ channels, isSearch, from: newestId, add, isEnough, isQuiet });
    // What was read partly into a list that stands, and partly not, has holes in both.
    if (isSearch || from === undefined || isHeld !== this.#stock.isHeld) return;
    this.#stock.readDownTo(from);
    this.#isComplete ||= !isHeld;
  }

  #toTop(): void {
    // Rows that were opened are closed with it.
    this.#list.clear();
    this.#goOn();
    this.#list.atTop();
    part(this.#root, 'title').focus({ preventScroll: true });
    this.#root.scrollIntoView({ block: 'start' });
    this.#draw();
  }

  get #isSettled(): boolean {
    return this.#liveSince !== undefined && performance.now() - this.#liveSince > SETTLING_MS;
  }
}

function linkTo(view: View): string {
  return `${location.origin}${location.pathname}${location.search}${view.hash}`;
}
