import type { Browser, Page } from 'playwright-core';

/** A page that somebody wrote, at an address of the app's: there the app says nothing that is in its way. */
export async function pageOf(
  browser: Browser,
  closing: (() => Promise<unknown>)[],
  url: string,
  body: string,
): Promise<Page> {
  const page = await browser.newPage();
  closing.push(() => page.close());
  await page.route('**/written', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>Written</title>${body}` }),
  );
  await page.goto(`${url}/written`);
  return page;
}
