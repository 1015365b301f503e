import { epochOf, numberOf } from '../../client/cursor.ts';
import type { PinstreamEvent } from '../../client.ts';

/** Commands for a POSIX shell: sh, bash, zsh, dash. */

/** A command's line has room for 128 KiB in one word; what is longer is handed over on standard input. */
const MOST_IN_A_WORD = 100_000;

/** The command that publishes the event again. `withKey`: the server wants the key, which does not belong into a clipboard. */
export function publishCommand(origin: string, event: PinstreamEvent, { withKey = false } = {}): string {
  const { channel, name, data } = event;
  const body = plainJson({ channel, ...(name !== 'message' && { event: name }), data });
  const lines = [`curl ${quote(`${origin}/events`)}`, `  -H 'Content-Type: application/json'`];
  if (withKey) lines.push(`  -H "Authorization: Bearer $PUBLISH_KEY"`);
  if (body.length > MOST_IN_A_WORD) {
    // A line of JSON never equals the word that ends the document.
    return `${[...lines, `  -d @- <<'END_OF_EVENT'`].join(' \\\n')}\n${body}\nEND_OF_EVENT`;
  }
  return [...lines, `  -d ${quote(body)}`].join(' \\\n');
}

/** The command that reads the event from the log, as long as it is kept there. */
export function readCommand(origin: string, { channel, id }: PinstreamEvent): string {
  const before = `${epochOf(id)}-${Math.max(0, numberOf(id) - 1)}`;
  const query = `channel=${encodeURIComponent(wellFormed(channel))}&since=${before}&limit=1`;
  return `curl ${quote(`${origin}/events?${query}`)}`;
}

/** One word of a shell, whatever is in it: within single quotes nothing means anything but the quote itself. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * JSON of one line and of characters that a terminal shows: line ends, controls and what turns the direction of writing would
 * be acted upon when the command is pasted, and read otherwise than it is sent.
 */
function plainJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}
