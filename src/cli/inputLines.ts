/** More than any event may have, so that what is cut off here is refused as too large. */
const LONGEST = 1_048_576;

/**
 * The lines of a text that comes bit by bit: each time those that are whole by now. Only LF and CRLF end a line: what else
 * some call one (U+2028) stands inside of JSON texts. A line without an end costs no more memory than the longest one.
 */
export async function* inputLines(input: AsyncIterable<string>): AsyncGenerator<string[]> {
  let begun = '';
  for await (const text of input) {
    const lines = (begun + text).split('\n');
    begun = lines.pop() ?? '';
    if (begun.length > LONGEST) begun = begun.slice(0, LONGEST);
    if (lines.length > 0) yield lines.map((line) => line.replace(/\r$/, ''));
  }
  if (begun !== '') yield [begun];
}
