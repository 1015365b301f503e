import type { Place } from './messages.ts';

/** What the server did not grant: its sentence, or ours where it had none. */
export interface Refusal extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly field?: string | undefined;
  /** Milliseconds for which it wants to be left alone. */
  readonly pause: number;
}

export type Query = { readonly [name: string]: string | number | readonly string[] | undefined };

/**
 * Asks for an address, with the token where there is one. `path` takes the place of the last part of the stream's own, `$&`.
 * Answers with what was granted. Throws a Refusal else.
 */
export async function request(
  { url, token, credentials }: Place,
  path: string,
  query: Query,
  init: RequestInit = {},
): Promise<Response> {
  const address = new URL(url);
  if (path) address.pathname = address.pathname.replace(/[^/]*$/, path);
  for (const [name, value] of Object.entries({ access_token: token, ...query }))
    for (const one of [value ?? ''].flat()) if (one !== '') address.searchParams.append(name, one as string);
  const response = await fetch(address, { cache: 'no-store', credentials, ...init }).catch(() => {});
  if (response?.ok) return response;
  const said = await response?.json().catch(() => {});
  const reason = response
    ? (said?.error ?? `The server answered ${response.status}.`)
    : offline() || 'The server cannot be reached.';
  throw refusal(reason, response?.status, said?.field, Number(response?.headers.get('retry-after')) * 1000);
}

export function refusal(reason: string, status = 0, field?: string, pause = 0): Refusal {
  return Object.assign(new Error(reason), { status, field, pause });
}

/** Asking the same again brings nothing: 4xx, but for 408 and 429. */
export function isFinal({ status }: Refusal): boolean {
  return /^4(?!08|29)/.test(`${status}`);
}

export function json(body: unknown, headers: HeadersInit = {}): RequestInit {
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

export function offline(): string {
  return navigator.onLine === false ? 'This device is offline.' : '';
}
