import { readFileSync, statSync } from 'node:fs';

export interface FileGroup {
  readonly gid: number;
  /** `gpio (997)`; the number alone where this system has no name for it: in a container it may be another system's. */
  readonly words: string;
}

/** The group whose members may use a file; undefined when that is nobody but root. */
export function fileGroup(file: string): FileGroup | undefined {
  try {
    const { gid } = statSync(file);
    return gid === 0 ? undefined : { gid, words: worded(gid) };
  } catch {
    return undefined;
  }
}

function worded(gid: number): string {
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    const name = lines.map((text) => text.split(':')).find((fields) => fields[2] === String(gid))?.[0];
    return name ? `${name} (${gid})` : String(gid);
  } catch {
    return String(gid);
  }
}
