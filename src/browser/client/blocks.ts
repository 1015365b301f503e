/** One block of an event stream, as far as it is told here. */
export interface Block {
  readonly id?: string;
  readonly data?: string;
  readonly retry?: string;
}

/**
 * Takes an event stream apart, whatever pieces it comes in. It is our own server's: its lines end with LF, and each field is one
 * line (docs/wire.md). The event's name is left out, since in an envelope it is always the same.
 */
export function blocksOf(hear: (block: Block) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks)
      hear(Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s))));
  };
}
