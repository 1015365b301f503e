import type { Place } from './messages.ts';

/** What the server did not grant: its sentence, or ours where it had none. */
export class Refusal extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly field: string | undefined;
  /** Milliseconds for which it wants to be left alone. */
  readonly after: number;

  constructor(reason: string, status: number, field?: string, after = 0) {
    super(reason);
    this.status = status;
    this.field = field;
    this.after = after;
  }

  /** Asking the same again brings nothing. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

/** An address below the stream's, or, for `events` and the like, beside it; with the token where there is one. */
export function beside({ url, token }: Place, path = ''): URL {
  const address = new URL(url);
  if (path.startsWith('/')) address.pathname += path;
  else if (path !== '') address.pathname = address.pathname.replace(/[^/]*$/, path);
  if (token) address.searchParams.set('access_token', token);
  return address;
}

/** Answers with what was granted. Throws a Refusal else. */
export async function request(place: Place, address: URL, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { cache: 'no-store', credentials: place.credentials, ...init });
  } catch {
    throw new Refusal(offline() || 'The server cannot be reached.', 0);
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => undefined);
  const seconds = Number(response.headers.get('retry-after'));
  const reason = said?.error ?? `The server answered ${response.status}.`;
  throw new Refusal(reason, response.status, said?.field, seconds > 0 ? seconds * 1000 : 0);
}

export function offline(): string {
  return navigator.onLine === false ? 'This device is offline.' : '';
}
