import type { StoredEvent } from '../contract/event.ts';

/**
 * `marker`: the keeper has come to this marker. `dropped`: it could not keep a raw publish, and nobody shall. `anew`: it had
 * to leave some out, so that nobody else's queue is like its own any more.
 */
export type DoorbellNotice =
  | { readonly marker: string }
  | { readonly anew: true }
  | { readonly dropped: readonly [channel: string, text: string] };

/** A notice as it rings: `n` is the newest number at that moment. */
export type Said = DoorbellNotice & { readonly n: number };

/** An event as it rings the doorbell. */
interface Ring {
  readonly epoch: string;
  readonly event: StoredEvent;
}

/** The fields of a log's entry, as the append writes them: e, d, a, and r and k where there is one. */
export function readEntry(n: number, channel: string, fields: readonly string[]): StoredEvent {
  const field: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) field[fields[i] as string] = fields[i + 1] as string;
  const { e: name = '', d: data = '', a: at = '', r: raw = '', k: adopted = '' } = field;
  return { n, channel, name, data, at: Number(at), ...optional(raw, adopted) };
}

/**
 * What rang the doorbell. Anybody may publish on its name; what is not ours is passed over, and the quiet check finds what
 * is.
 */
export function readRing(text: string): Ring | Said | undefined {
  const said = parse(text);
  if (!isRing(said)) return isNotice(said) ? said : undefined;
  const [epoch, n, channel, name, data, at, raw, adopted] = said;
  const event = { n: Number(n), channel, name, data, at: Number(at) };
  const plain = raw === '' && adopted === '';
  return { epoch, event: plain ? event : { ...event, ...optional(raw, adopted) } };
}

function optional(raw: string, adopted: string): { raw?: string; adopted?: true } {
  return { ...(raw === '' ? {} : { raw }), ...(adopted === '' ? {} : { adopted: true }) };
}

/** As the append encodes it. */
type Encoded = [string, string, string, string, string, string, string, string];

function isRing(said: unknown): said is Encoded {
  if (!Array.isArray(said) || said.length !== 8) return false;
  for (const part of said) if (typeof part !== 'string') return false;
  const n = Number(said[1]);
  return Number.isSafeInteger(n) && n > 0;
}

function isNotice(said: unknown): said is Said {
  if (typeof said !== 'object' || said === null) return false;
  if (!('n' in said && Number.isSafeInteger(said.n))) return false;
  if ('marker' in said) return typeof said.marker === 'string';
  if ('anew' in said) return said.anew === true;
  return 'dropped' in said && Array.isArray(said.dropped);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
