import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { refuse } from '../refuse.ts';
import { type AccessRule, knowsToken, mayRead, mayWrite } from './rules.ts';

/** A hook for whoever embeds the app: false refuses, whatever the rules say. `channel` may be a pattern when reading. */
export type Authorize = (
  request: IncomingMessage,
  right: 'read' | 'write',
  channel: string,
) => boolean | Promise<boolean>;

export interface AccessOptions {
  readonly rules: readonly AccessRule[];
  readonly open: boolean;
  /** The publish key; rejects while the store that keeps it is away. */
  readonly key: () => Promise<string>;
  readonly authorize?: Authorize | undefined;
}

/** Who may read and write. Checked before a stream begins, and before anything is kept. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  async checkRead(
    request: IncomingMessage,
    channels: readonly string[],
    token: string | undefined,
  ): Promise<void> {
    const { rules, authorize } = this.#options;
    for (const channel of channels) {
      if (authorize && !(await authorize(request, 'read', channel))) {
        throw refuse(403, `You may not listen to "${channel}".`, 'channel');
      }
      if (mayRead(rules, channel, token) || (token !== undefined && (await this.#isKey(token)))) continue;
      if (token === undefined)
        throw refuse(401, `"${channel}" needs a token: send it as "Authorization: Bearer TOKEN".`);
      throw refuse(403, `This token may not listen to "${channel}".`, 'channel');
    }
  }

  /** Whether somebody may see that a channel exists. */
  async canRead(request: IncomingMessage, channel: string, token: string | undefined): Promise<boolean> {
    try {
      await this.checkRead(request, [channel], token);
      return true;
    } catch {
      return false;
    }
  }

  async checkWrite(request: IncomingMessage, channel: string, token: string | undefined): Promise<void> {
    const { rules, open, authorize } = this.#options;
    if (authorize && !(await authorize(request, 'write', channel))) {
      throw refuse(403, `You may not publish on "${channel}".`, 'channel');
    }
    if (open || mayWrite(rules, channel, token)) return;
    if (token === undefined) {
      throw refuse(
        401,
        'Publishing needs the key: send it as "Authorization: Bearer KEY". The app printed it at its first start.',
      );
    }
    if (await this.#isKey(token)) return;
    if (knowsToken(rules, token)) throw refuse(403, `This token may not publish on "${channel}".`, 'channel');
    throw refuse(401, 'This is not the publish key.');
  }

  async #isKey(token: string): Promise<boolean> {
    return sameText(token, await this.#options.key());
  }
}

/** The token that a request carries, as a header or, since EventSource can send none, in the query. */
export function tokenOf(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(request.headers.authorization ?? '');
  return bearer?.[1] ?? query.get('access_token') ?? undefined;
}

/** Takes as long for a nearly right key as for a wrong one. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
