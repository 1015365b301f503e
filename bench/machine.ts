import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** What the run has to do with: cores, open files, versions. */

/** The cores that this process may use. */
const cores = listed(field('/proc/self/status', 'Cpus_allowed_list'));

/** Servers on one core and whatever loads them on another: else they would take turns, and each would pay for the other's caches. */
export const SERVER_CORE = cores.length > 1 ? cores[0] : undefined;
export const LOAD_CORE = cores.length > 1 ? cores[1] : undefined;

/** How many files one process may have open at most. */
export const MOST_FILES = filesOf(/^Max open files +\S+ +(\S+)/m.exec(read('/proc/self/limits'))?.[1]);

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly nginx: string;
  readonly nchan: string;
  readonly redis: string;
  readonly date: string;
}

export function machine(): Machine {
  return {
    processor: field('/proc/cpuinfo', 'model name') || field('/proc/cpuinfo', 'Model') || process.arch,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    nginx: /nginx\/([\d.]+)/.exec(told('nginx', '-v'))?.[1] ?? 'unknown',
    nchan: /^Version: (?:\d+:)?([\d.]+)/m.exec(told('dpkg', '-s', 'libnginx-mod-nchan'))?.[1] ?? 'unknown',
    redis: /v=([\d.]+)/.exec(told('redis-server', '--version'))?.[1] ?? 'unknown',
    date: new Date().toISOString().slice(0, 10),
  };
}

/** With the folders that only root has on its path, where nginx often is. */
export const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin`;

/** What a program says of itself, wherever it says it. */
function told(command: string, ...args: string[]): string {
  try {
    return execFileSync('sh', ['-c', `${command} ${args.join(' ')} 2>&1`], {
      env: { PATH },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}

function filesOf(limit = '0'): number {
  return limit === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(limit);
}

/** The numbers of a list like `0-1,4`. */
function listed(list: string): number[] {
  return list
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

function field(file: string, name: string): string {
  return new RegExp(`^${name}\\s*: *(.*)$`, 'm').exec(read(file))?.[1] ?? '';
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
