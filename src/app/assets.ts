import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** A file as it is sent. */
export interface Form {
  readonly body: Buffer;
  readonly etag: string;
  /** Its name in `Content-Encoding`; undefined as it is. */
  readonly encoding?: Encoding;
}

export interface Asset extends Form {
  readonly type: string;
  /** Compressed, the smallest first. */
  readonly packed: readonly (Form & { readonly encoding: Encoding })[];
}

export type Encoding = 'br' | 'gzip';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

/** What the build writes beside a file. Nobody can ask for these by their own names. */
const PACKED: readonly { encoding: Encoding; end: string; unpack: (body: Buffer) => Buffer }[] = [
  { encoding: 'br', end: '.br', unpack: brotliDecompressSync },
  { encoding: 'gzip', end: '.gz', unpack: gunzipSync },
];

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
      this.#assets.set(relative(folder, path), { type, ...formOf(body), packed: packedOf(path, body) });
    }
  }

  get(path: string): Asset | undefined {
    return this.#assets.get(path);
  }
}

/** The compressed files beside a file. One of another build, or cut off, would be a broken page to some browsers alone. */
function packedOf(path: string, body: Buffer): Asset['packed'] {
  return PACKED.flatMap(({ encoding, end, unpack }) => {
    if (!existsSync(path + end)) return [];
    const packed = readFileSync(path + end);
    const isSame = packed.length < body.length && unpacked(packed, unpack)?.equals(body);
    return isSame ? [{ ...formOf(packed), encoding }] : [];
  });
}

function unpacked(packed: Buffer, unpack: (body: Buffer) => Buffer): Buffer | undefined {
  try {
    return unpack(packed);
  } catch {
    return undefined;
  }
}

/** Each form has a tag of its own: a cache must not take one for the other. */
function formOf(body: Buffer): Form {
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
