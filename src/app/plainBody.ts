import type { IncomingMessage } from 'node:http';
import { refuse } from './refuse.ts';

/** A body that is larger is for the body parser: what it costs doesn't matter then. */
const MOST_PLAIN = 65_536;

/** Whether a body is sent as nearly all are: as JSON, of a length that is said, and not compressed. */
export function isPlainJson({ headers }: IncomingMessage): boolean {
  return (
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length']) <= MOST_PLAIN
  );
}

/** The text of such a body. Rejects when whoever sent it has gone before its end. */
export function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      resolve((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString()),
    );
    request.on('error', () => reject(refuse(400, 'The request was broken off.')));
    request.on('close', () => {
      if (!request.complete) reject(refuse(400, 'The request was broken off.'));
    });
  });
}

/** A list or an object; what is empty is an empty object. */
export function parseJson(text: string): unknown {
  if (text === '') return {};
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (!/^[ \t\r\n]*[[{]/.test(json)) throw new SyntaxError('invalid JSON, only supports object and array');
  // A key of this name would be the prototype of whatever its object is copied into.
  return json.includes('__proto__') || json.includes('\\u00')
    ? JSON.parse(json, refusePrototype)
    : JSON.parse(json);
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('Object contains forbidden prototype property');
  return value;
}
