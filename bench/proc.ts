import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel knows of a process. */

/** Nanoseconds that all its threads have run so far. */
export function cpuNs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return sum(
    readdirSync(folder).map((thread) => {
      try {
        return Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]);
      } catch {
        return 0; // a thread that has just ended
      }
    }),
  );
}

/** Bytes of memory that are resident. */
export function resident(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** How many files it has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
