import { randomBytes } from 'node:crypto';
import { type Answer, request } from './request.ts';

/** A word as a page makes it. */
export function newSession(): string {
  return randomBytes(16).toString('base64url');
}

/** `PUT /stream/:session`. */
export function putChannels(
  url: string,
  session: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return request(`${url}/stream/${session}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** The cursor of a browser that has read this. */
export function lastId(text: string): string {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 1);
  return [...whole.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
}
