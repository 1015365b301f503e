/** A piece of a process's memory, as /proc/PID/smaps says it. */
export interface Mapping {
  /** What tells a piece of a file; empty for memory that belongs to no file. */
  readonly file: string;
  /** Bytes that are resident, and those of them that no file holds. */
  readonly rss: number;
  readonly anonymous: number;
  /** The kernel's share of those without a file: what was forked and not changed since is there once. */
  readonly anonymousShare: number;
}

const HEAD = /^[0-9a-f]+-[0-9a-f]+ \S+ ([0-9a-f]+) \S+ (\d+) *(.*)$/;

export function mappingsOf(smaps: string): Mapping[] {
  const mappings: Mapping[] = [];
  let file = '';
  let said = new Map<string, number>();
  const end = () => {
    const rss = said.get('Rss') ?? 0;
    const anonymous = said.get('Anonymous') ?? 0;
    // Of a piece that is partly a file, the kernel divides the whole; what is of the file is counted by `shareOf`.
    const share = rss === 0 ? 0 : ((said.get('Pss') ?? 0) * anonymous) / rss;
    if (rss > 0) mappings.push({ file, rss, anonymous, anonymousShare: said.get('Pss_Anon') ?? share });
  };
  for (const line of smaps.split('\n')) {
    const head = HEAD.exec(line);
    if (head) {
      end();
      said = new Map();
      file = head[2] === '0' ? '' : `${head[2]} ${head[3]} ${head[1]}`;
    }
    const [, name, kilobytes] = /^(\w+): +(\d+) kB$/.exec(line) ?? [];
    if (name) said.set(name, Number(kilobytes) * 1024);
  }
  end();
  return mappings;
}

/**
 * The bytes that some mappings take, among all that count: a file's pages are in memory once, however many processes map them,
 * and each of those bears its part. The kernel's own share (Pss) would also count processes that have nothing to do with it.
 */
export function shareOf(own: readonly Mapping[], all: readonly Mapping[]): number {
  const files = new Map<string, { sum: number; most: number }>();
  for (const mapping of all) {
    const bytes = ofFile(mapping);
    const { sum, most } = files.get(mapping.file) ?? { sum: 0, most: 0 };
    files.set(mapping.file, { sum: sum + bytes, most: Math.max(most, bytes) });
  }
  return own.reduce((total, mapping) => {
    const { sum, most } = files.get(mapping.file) ?? { sum: 0, most: 0 };
    const bytes = ofFile(mapping);
    const share = mapping.file === '' ? bytes : sum === 0 ? 0 : (bytes / sum) * most;
    return total + mapping.anonymousShare + share;
  }, 0);
}

function ofFile({ rss, anonymous }: Mapping): number {
  return rss - anonymous;
}
