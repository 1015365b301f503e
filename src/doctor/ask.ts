import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** The Pinstream that is looked at. */
export interface Target {
  readonly url: URL;
  /** Takes any certificate. */
  readonly insecure: boolean;
  /**
   * Sent as a bearer token, when there is one: the publish key, which may read everything too. Only to what has shown that it is
   * Pinstream: at an address that was guessed, or typed wrong, somebody else would learn it.
   */
  readonly key: string;
  /** Ends whatever is still under way. */
  readonly signal: AbortSignal;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds in which the answer must have come. */
  readonly within?: number;
  /** Keeps its connection for the next question; else each has one of its own. */
  readonly agent?: Agent;
}

/** An answer's status and headers. A header is a list: that one came twice is what `fetch` does not show. */
export class Head {
  readonly status: number;
  readonly #raw: readonly string[];

  constructor({ statusCode = 0, rawHeaders }: IncomingMessage) {
    this.status = statusCode;
    this.#raw = rawHeaders;
  }

  all(name: string): string[] {
    return this.#raw.filter((_, at) => at % 2 === 1 && this.#raw[at - 1]?.toLowerCase() === name);
  }

  get type(): string {
    return (this.all('content-type')[0] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  }

  /** Whether a stream begins, by status and type. */
  get isStream(): boolean {
    return this.status === 200 && this.type === 'text/event-stream';
  }

  /** For a sentence, as `404 (text/html)`. */
  get shown(): string {
    return `${this.status}${this.type ? ` (${this.type.slice(0, 60)})` : ''}`;
  }
}

export interface Answer {
  readonly head: Head;
  readonly text: string;
  /** False: it went on and on, or broke off. */
  readonly whole: boolean;
  readonly ms: number;
}

/** Nobody has answered; the message is a sentence. */
export class NoAnswer extends Error {}

const PATIENCE_MS = 5_000;
/** No answer that is read whole here is longer. */
const MOST_BYTES = 262_144;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Is it running, and is the port right?',
  ENOTFOUND: 'there is no such name.',
  EAI_AGAIN: 'its name cannot be looked up at the moment.',
  EHOSTUNREACH: 'there is no way to it from here.',
  ENETUNREACH: 'there is no way to it from here.',
  ECONNRESET: 'the connection was closed without an answer.',
  ETIMEDOUT: 'the connection does not come about.',
  EPROTO: 'it does not speak TLS. Is it http:// instead of https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS. Is it http:// instead of https://?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name. Use that name, or --insecure.',
  CERT_HAS_EXPIRED: 'its certificate has run out: renew it.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed. --insecure takes it all the same.',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed. --insecure takes it all the same.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'nobody here knows who signed its certificate. --insecure takes it all the same.',
};

/** Asks, and answers when the headers have come. Who opens it ends it. */
export function begin(
  target: Target,
  path: string,
  { method = 'GET', headers = {}, body, within = PATIENCE_MS, agent }: Ask = {},
): Promise<{ head: Head; response: IncomingMessage; request: ClientRequest }> {
  const { url, insecure, key, signal } = target;
  const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((done, failed) => {
    const fail = (reason: string) => failed(new NoAnswer(`Nobody answers at ${url.origin}: ${reason}`));
    const request = make(new URL(path, url), {
      method,
      agent: agent ?? false,
      signal,
      rejectUnauthorized: !insecure,
      headers: { ...(key ? { Authorization: `Bearer ${key}` } : {}), ...headers },
    });
    const late = setTimeout(() => {
      fail(`it has not begun to answer ${method} ${path.split('?')[0]} within ${within / 1000} s.`);
      request.destroy();
    }, within);
    request.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      clearTimeout(late);
      fail(REASONS[code] ?? (code.startsWith('HPE_') ? 'what it says is not HTTP.' : `${message || code}.`));
    });
    request.on('close', () => clearTimeout(late));
    request.on('response', (response) => {
      clearTimeout(late);
      // Cut off: an end too.
      response.on('error', () => undefined);
      done({ head: new Head(response), response, request });
    });
    request.end(body);
  });
}

/** The status and headers alone, of what may never end. */
export async function look(target: Target, path: string, options: Ask = {}): Promise<Head> {
  const { head, response } = await begin(target, path, options);
  response.destroy();
  return head;
}

/** A whole answer, as far as it comes in its time and is not too long. */
export async function ask(target: Target, path: string, options: Ask = {}): Promise<Answer> {
  const began = performance.now();
  const { head, response } = await begin(target, path, options);
  const left = (options.within ?? PATIENCE_MS) - (performance.now() - began);
  return new Promise((done) => {
    let text = '';
    const end = () => {
      clearTimeout(late);
      done({ head, text, whole: response.complete, ms: performance.now() - began });
      response.destroy();
    };
    const late = setTimeout(end, Math.max(0, left));
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.length > MOST_BYTES) end();
    });
    response.on('end', end).on('close', end);
  });
}

/** The object that a text is in JSON; undefined when it is none. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** What an answer says is wrong, in the words of Pinstream's errors; else its status. */
export function complaintOf({ head, text }: Answer): string {
  const said = objectIn(text)?.error;
  return typeof said === 'string' ? shown(said) : `it is answered ${head.shown}.`;
}

/** What somebody else says must not command the terminal, nor fill it. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd').slice(0, 500);
}
