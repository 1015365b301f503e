/** The page of the docs that the run writes its tables into. */

const BEGIN = '<!-- npm run bench -- --write: from here -->';
const END = '<!-- to here -->';

/** The page with the tables in place of those that it had. */
export function pageWith(page: string, tables: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/performance.md needs the lines ${BEGIN} and ${END}, which the tables go between.`);
  return `${before}${BEGIN}\n${tables.trim()}\n${END}${after}`;
}
