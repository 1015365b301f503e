import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { newEpoch } from '../../src/contract/cursor.ts';
import { type Case, PATIENCE, type Patience } from '../../src/doctor/case.ts';
import { examine, examineAway } from '../../src/doctor/examine.ts';
import { type Machine, thisMachine } from '../../src/doctor/machine.ts';
import { originsOf } from '../../src/doctor/origins.ts';
import { readSettings } from '../../src/lib/settings.ts';

export interface Examination {
  readonly settings?: Readonly<Record<string, string>>;
  readonly origin?: string;
  readonly slow?: boolean;
  readonly away?: boolean;
  readonly insecure?: boolean;
  readonly patience?: Partial<Patience>;
  readonly machine?: Partial<Machine>;
}

/** A disk of which half is free, so that what is told of it is the same everywhere. */
const DISK = { free: 50_000_000_000, size: 100_000_000_000 };
const SIGNS = { ok: '✓', fault: '✗', skipped: '–' } as const;

/** What the doctor finds at an address: the name of each check, and what it says. */
export async function examined(url: string, options: Examination = {}): Promise<Record<string, string>> {
  const { settings, problems } = readSettings(options.settings ?? {});
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const word = `doctor-${newEpoch(randomInt)}`;
  const one: Case = {
    target: {
      url: new URL(url),
      insecure: options.insecure ?? false,
      key: settings.PUBLISH_KEY,
      signal: end.signal,
    },
    settings,
    channel: word,
    origins: originsOf(settings.CORS_ORIGINS, options.origin, word),
    slow: options.slow ?? false,
    patience: { ...PATIENCE, ...options.patience },
    machine: { ...thisMachine, disk: async () => DISK, ...options.machine },
    cleanUp: [],
  };
  const checks = (await Promise.all(options.away ? examineAway(one) : examine(one))).flat();
  end.abort();
  await Promise.all(one.cleanUp.map((close) => close()));
  const said: Record<string, string> = {};
  for (const { name, state, text } of checks) {
    const line = `${SIGNS[state]} ${text}`;
    said[name] = said[name] === undefined ? line : `${said[name]}\n${line}`;
  }
  return said;
}
