import type { RedisFacts } from '../bus/redisFacts.ts';
import { type Finding, fault, ok } from './finding.ts';

const MIB = 1_048_576;
const OLDEST = 6;

/** Whether a Redis keeps what it is given: `storeBytes` as the app has it, unless Redis knows better. */
export function judgeRedis(facts: RedisFacts, storeBytes: number): Finding[] {
  return [
    reached(facts),
    appendOnly(facts),
    eviction(facts),
    memory(facts, facts.limits?.storeBytes ?? storeBytes),
  ];
}

export const REDIS_NAMES = ['redis', 'redis-aof', 'redis-eviction', 'redis-memory'] as const;

function reached({ where, info }: RedisFacts): Finding {
  const name = 'redis';
  const version = info.get('redis_version') ?? '?';
  if (info.get('loading') === '1')
    return fault(name, `Redis at ${where} is still reading its log after a start: look again in a while.`);
  if (info.get('role') === 'slave')
    return fault(
      name,
      `Redis at ${where} is a replica, which takes no events: name its master in REDIS_URL, or set REDIS_SENTINELS.`,
    );
  if (Number.parseInt(version, 10) < OLDEST)
    return fault(name, `Redis at ${where} is version ${version}: Pinstream needs ${OLDEST} or newer.`);
  return ok(name, `Redis ${version} answers`);
}

function appendOnly({ info, settings }: RedisFacts): Finding {
  const name = 'redis-aof';
  if (info.get('aof_enabled') !== '1')
    return fault(
      name,
      'Redis does not write its log (AOF): a restart of it loses every event. Set appendonly yes.',
    );
  if (info.get('aof_last_write_status') !== 'ok')
    return fault(
      name,
      "Redis could not write its log (AOF) last: is its disk full or broken? Redis's own log says why.",
    );
  if (info.get('aof_last_bgrewrite_status') !== 'ok')
    return fault(
      name,
      "Redis could not rewrite its log (AOF) last, so it grows: is there too little memory or disk? Redis's own log says why.",
    );
  if (settings.get('appendfsync') === 'no')
    return fault(
      name,
      'Redis leaves it to the system when its log is written: a power cut loses up to half a minute. Set appendfsync everysec.',
    );
  return ok(name, 'Redis writes its log (AOF)');
}

function eviction({ info }: RedisFacts): Finding {
  const name = 'redis-eviction';
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok(name, 'Redis throws nothing away (noeviction)');
  return fault(
    name,
    `A full Redis throws events away by itself (maxmemory-policy ${policy}), and nobody is told. Set maxmemory-policy noeviction.`,
  );
}

function memory({ info }: RedisFacts, storeBytes: number): Finding {
  const name = 'redis-memory';
  const most = Number(info.get('maxmemory'));
  const used = Number(info.get('used_memory'));
  if (!(most > 0))
    return fault(
      name,
      `The memory of Redis is not bounded: when there is none left, the system ends whatever it likes. Set maxmemory, to twice STORE_BYTES (${inMib(2 * storeBytes)}).`,
    );
  if (most <= storeBytes)
    return fault(
      name,
      `Redis may use ${inMib(most)} (maxmemory), not more than STORE_BYTES (${inMib(storeBytes)}): it would refuse the sidecar's presses too. Set maxmemory to twice as much, or lower STORE_BYTES.`,
    );
  if (used > most * 0.95)
    return fault(
      name,
      `Redis uses ${inMib(used)} of ${inMib(most)} (maxmemory) and is about to refuse events: raise maxmemory, or lower STORE_BYTES.`,
    );
  return ok(name, `the memory of Redis is bounded (${inMib(most)}, for ${inMib(storeBytes)} of events)`);
}

function inMib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
