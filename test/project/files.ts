import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The text of one of the project's files. */
export function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The files below a folder of the project, named from the project's root. */
export function filesIn(folder: string, ...endings: string[]): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && (endings.length === 0 || endings.some((end) => entry.name.endsWith(end))),
    )
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort();
}
