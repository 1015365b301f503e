import { BusError } from './bus.ts';

const SENTENCES: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there. Is it running?',
  ENOTFOUND: 'there is no such host. Is REDIS_URL right?',
  EAI_AGAIN: 'the host cannot be looked up at the moment.',
  EHOSTUNREACH: 'there is no way to that host.',
  ETIMEDOUT: 'it does not answer.',
  ECONNRESET: 'it closed the connection.',
  EACCES: 'its socket may not be opened by this user.',
  ENOENT: 'there is no such socket.',
};

/** Redis 6 wraps what went wrong within a script: `ERR Error running script (call to f_…): @user_script:5: -OOM …`. */
const IN_SCRIPT = /^ERR Error running script.*?[ -]((?:OOM|MISCONF|READONLY|MASTERDOWN|NOREPLICAS) .*)/s;

/** Why a connection failed, and what to do. */
export function sentenceOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && SENTENCES[code]) return SENTENCES[code];
  if (/^(WRONGPASS|NOAUTH)/.test(error.message))
    return 'it wants another user or password than REDIS_URL has.';
  if (/NOPERM/.test(error.message)) return `its ACL forbids what Pinstream needs (${error.message}).`;
  return error.message;
}

/** Redis says OOM when its own maxmemory is reached; all else that is no reply of a script is a matter of the connection. */
export function busErrorOf(error: unknown, problem: string): Error {
  if (error instanceof BusError) return error;
  const { message } = error as Error;
  const said = IN_SCRIPT.exec(message)?.[1] ?? message;
  if (/^OOM /.test(said))
    return new BusError('full', 'Redis is out of memory: raise its maxmemory, or lower STORE_BYTES.');
  if (/^(ERR|WRONGTYPE|NOPERM)/.test(said)) return new BusError('broken', `Redis refuses: ${message}`);
  // Passing: it loads its log, its disk is full, it is a replica until the failover is over, it has lost its replicas.
  if (/^(LOADING|MISCONF|READONLY|MASTERDOWN|BUSY|NOREPLICAS)/.test(said)) {
    return new BusError('away', `Redis cannot at the moment: ${said}`);
  }
  return new BusError('away', problem);
}
