import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A Lua script as ioredis runs it: by its hash, sent whole when a server doesn't know it yet. */
function script(name: string, numberOfKeys: number): { lua: string; numberOfKeys: number } {
  return { lua: textOf(name), numberOfKeys };
}

function textOf(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
}

export const scripts = {
  pinstreamSince: script('since', 3),
  pinstreamTails: script('tails', 1),
  pinstreamLatest: script('latest', 1),
  pinstreamPosition: script('position', 1),
  pinstreamLease: script('lease', 3),
  pinstreamRelease: script('release', 2),
  pinstreamAdopted: script('adopted', 2),
  pinstreamSession: script('session', 1),
  pinstreamSay: script('say', 2),
};

const append = textOf('append');
/** Worded by ourselves: see AppendCommand. */
export const appendScript = { lua: append, sha: createHash('sha1').update(append).digest('hex') };

type Argument = string | number | Buffer;
type Run = (...args: Argument[]) => Promise<unknown>;

export type RedisScripts = { readonly [Name in keyof typeof scripts]: Run };
