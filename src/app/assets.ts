import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

/** Where `npm run build` puts what the browser gets; the same place seen from `src/app` and from `dist/app`. */
const BROWSER_FOLDER = fileURLToPath(new URL('../../dist/browser/', import.meta.url));

/** What the browser gets: read once at the start, since it is small and does not change. */
export class Assets {
  readonly #assets = new Map<string, Asset>();

  constructor(folder = BROWSER_FOLDER) {
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(file.name)];
      if (!file.isFile() || type === undefined) continue;
      const path = join(file.parentPath, file.name);
      const body = readFileSync(path);
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      this.#assets.set(relative(folder, path), { type, body, etag });
    }
  }

  get(path: string): Asset | undefined {
    return this.#assets.get(path);
  }
}
