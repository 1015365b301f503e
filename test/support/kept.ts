import { request } from './request.ts';

export interface KeptEvent {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly data: string;
}

interface Page {
  readonly cursor: string;
  readonly events: readonly KeptEvent[];
  readonly gap: unknown;
}

const MOST = 1000;

/** What the logs of these channels hold after a cursor, to the end, and the cursor to go on from. Something missing is an error. */
export async function keptSince(
  url: string,
  channels: readonly string[],
  since?: string,
): Promise<{ readonly events: KeptEvent[]; readonly cursor: string }> {
  const events: KeptEvent[] = [];
  let cursor = since;
  for (;;) {
    const query = channels.map((channel) => `channel=${encodeURIComponent(channel)}`).join('&');
    const from = cursor === undefined ? '' : `&since=${cursor}`;
    const { status, text, json } = await request(`${url}/events?${query}&limit=${MOST}${from}`);
    if (status !== 200) throw new Error(`The log cannot be read: ${status} ${text}`);
    const page = json as Page;
    if (page.gap !== null) throw new Error(`The log has a gap: ${JSON.stringify(page.gap)}`);
    events.push(...page.events);
    cursor = page.cursor;
    if (page.events.length < MOST) return { events, cursor };
  }
}
