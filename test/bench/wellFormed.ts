/** The rows of Markdown's tables that have another number of cells than the row above. */
export function misshapenRows(text: string): string[] {
  const lines = text.split('\n');
  const cells = (line: string) => line.split('|').length;
  return lines.filter((line, i) => {
    const above = lines[i - 1] ?? '';
    return line.startsWith('|') && above.startsWith('|') && cells(line) !== cells(above);
  });
}

/** What is wrong with a text that should be XML; undefined if nothing is. */
export function xmlProblem(text: string): string | undefined {
  const open: string[] = [];
  for (const [tag, closing = '', name = '', attributes = '', empty] of text.matchAll(
    /<(\/?)([a-z]+)((?:\s+[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>|<|&(?!amp;|lt;|gt;|quot;)/g,
  )) {
    if (name === '') return `A "${tag}" stands alone.`;
    if (/NaN|undefined|Infinity/.test(attributes)) return `${tag} has no number.`;
    if (closing === '/') {
      if (open.pop() !== name) return `${tag} closes what is not open.`;
    } else if (empty !== '/') open.push(name);
  }
  return open.length === 0 ? undefined : `<${open.at(-1)}> is not closed.`;
}
