import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filesIn, text } from './files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesIn('docs', '.md')];

/** The links of a page, outside of code. */
function links(page: string): string[] {
  const prose = text(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)].map(([, a, b]) => a ?? b ?? '');
}

/** A heading's anchor, as GitHub makes it. */
function anchors(page: string): string[] {
  const headings = text(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link to a file of the project finds it, and the heading in it', () => {
  const broken = PAGES.flatMap((page) =>
    links(page)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(target).includes(anchor));
      })
      .map((link) => `${page}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('README leads to every page of the docs', () => {
  const reached = new Set(['README.md', ...links('README.md')]);
  for (const page of ['docs/operations.md', 'docs/wire.md']) {
    for (const link of links(page)) reached.add(join(dirname(page), link));
  }
  assert.deepEqual(
    PAGES.filter((page) => !reached.has(page) && !page.startsWith('docs/decisions/')),
    [],
  );
});
