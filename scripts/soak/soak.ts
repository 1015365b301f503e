import type { Page } from 'playwright-core';
import { startApp } from '../../test/support/app.ts';
import { startChromium } from '../../test/support/chromium.ts';
import { BATCH, fill, PINS, press, publish } from './feed.ts';
import { Measure, type Sample } from './measure.ts';
import { type Drawn, watchRows } from './rows.ts';
import { figure, growth } from './verdict.ts';

const MINUTE = 60_000;
/** More than the page remembers. */
const WARMING = 3_000;
const TICK = 100;
const PRESS_EVERY = 5_000;

type App = Awaited<ReturnType<typeof startApp>>;

/** false: the page has grown, or an event is missing. */
export async function soak(minutes: number, rate: number, say: (line: string) => void): Promise<boolean> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const app = await startApp(PINS, { mock: true });
    closing.push(() => app.stop());
    const browser = await startChromium();
    closing.push(() => browser.close());
    const page = await browser.newPage();
    return await watch(app, page, { minutes, rate, say });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

interface Wanted {
  readonly minutes: number;
  readonly rate: number;
  readonly say: (line: string) => void;
}

async function watch(app: App, page: Page, { minutes, rate, say }: Wanted): Promise<boolean> {
  const events = WARMING + minutes * 60 * rate;
  const drawn = await watchRows(page, events);
  await page.goto(app.url);
  await page.getByText('Live', { exact: true }).waitFor();
  await warm(app, drawn);
  const measure = await Measure.of(page);
  const samples: Sample[] = [];
  const begun = performance.now();
  let sent = WARMING;
  let pressed = begun;
  for (let minute = 1; minute <= minutes; ) {
    const passed = performance.now() - begun;
    const due = Math.min(events, WARMING + Math.floor((passed / 1_000) * rate));
    while (sent < due) {
      const to = Math.min(due, sent + BATCH);
      await publish(app, sent, to);
      sent = to;
    }
    if (performance.now() - pressed >= PRESS_EVERY) {
      pressed += PRESS_EVERY;
      await press(app, 80);
    }
    if (passed >= minute * MINUTE) {
      const sample = await measure.take();
      samples.push(sample);
      say(words(minute++, sent - WARMING, sample));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  // An event that was lost is told by the counts.
  await drawn.until(sent);
  return judge(samples, { sent, ...(await drawn.counts()), gaps: await drawn.gaps() }, say);
}

/** Fills all that the page keeps a bounded number of. */
async function warm(app: App, drawn: Drawn): Promise<void> {
  await fill(app);
  for (let sent = 0; sent < WARMING; sent += BATCH) {
    await publish(app, sent, sent + BATCH);
    if (!(await drawn.until(sent + BATCH))) throw new Error(`The page did not draw event ${sent + BATCH}.`);
  }
}

function words(minute: number, events: number, { heap, worker, nodes, listeners }: Sample): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  return `${`${minute}`.padStart(4)} min  ${figure(events)} events  heap ${megabytes(heap)}, worker ${megabytes(worker)}  nodes ${figure(nodes)}  listeners ${figure(listeners)}`;
}

interface Counts {
  readonly sent: number;
  readonly drawn: number;
  readonly twice: number;
  readonly gaps: number;
}

function judge(
  samples: readonly Sample[],
  { sent, drawn, twice, gaps }: Counts,
  say: (line: string) => void,
): boolean {
  const problems = growth(samples);
  if (drawn !== sent) problems.push(`Of ${figure(sent)} events ${figure(drawn)} were drawn.`);
  if (twice > 0) problems.push(`${figure(twice)} events were drawn twice.`);
  if (gaps > 0) problems.push(`${gaps} gaps were told.`);
  for (const problem of problems) say(problem);
  if (problems.length === 0) say(`Flat, and each of ${figure(sent)} events was drawn once.`);
  return problems.length === 0;
}
