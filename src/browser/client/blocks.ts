/** One block of an event stream. */
export interface Block {
  readonly id: string | undefined;
  readonly data: string;
  readonly retry: number | undefined;
}

/**
 * Takes an event stream apart as browsers do, whatever pieces it comes in. The event's name is left out: in the dialect that
 * the client asks for it is always the same.
 */
export function blocksOf(hear: (block: Block) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    // A CR at the end may be half of a CRLF.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    const blank = lines.lastIndexOf('', lines.length - 2);
    rest = lines.slice(blank + 1).join('\n');
    let id: string | undefined;
    let retry: number | undefined;
    let data: string[] = [];
    for (const line of lines.slice(0, blank + 1)) {
      const [, field, value = ''] = /^([^:]*):? ?(.*)/s.exec(line) as RegExpExecArray;
      if (field === 'data') data.push(value);
      else if (field === 'id') id = value;
      else if (field === 'retry' && /^\d+$/.test(value)) retry = Number(value);
      if (line !== '') continue;
      hear({ id, retry, data: data.join('\n') });
      id = retry = undefined;
      data = [];
    }
  };
}
