/**
 * What is written to a stream: a block of text as one Buffer, made once for all who get it, already in its HTTP chunk, so
 * that it goes to each socket as it is. `res.write` for each client would be a third dearer.
 */
export interface Frame {
  /** With the chunk's size line and end: what goes to a socket. */
  readonly chunk: Buffer;
  /** The text alone, for a response that isn't chunked. Shares the memory. */
  readonly plain: Buffer;
}

/** What ends a chunked answer. */
export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export function frame(text: string): Frame {
  if (text === '') throw new Error('An empty chunk would end the response.');
  const size = Buffer.byteLength(text);
  const head = `${size.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(head.length + size + 2);
  chunk.write(head, 0, 'latin1');
  chunk.write(text, head.length, 'utf8');
  chunk.write('\r\n', head.length + size, 'latin1');
  return { chunk, plain: chunk.subarray(head.length, head.length + size) };
}

/** Several frames as one: one write for each who gets them. */
export function joinFrames(frames: readonly Frame[]): Frame {
  if (frames.length === 1) return frames[0] as Frame;
  // Several chunks one after another are as good as one chunk.
  const chunk = Buffer.concat(frames.map((one) => one.chunk));
  let plain: Buffer | undefined;
  return {
    chunk,
    get plain() {
      plain ??= Buffer.concat(frames.map((one) => one.plain));
      return plain;
    },
  };
}
