import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type LogOptions, silentLog } from '../../src/lib/log.ts';

/** What a log writes when each kind of line is said once. */
function written(options: Omit<LogOptions, 'write'>): string[] {
  const lines: string[] = [];
  const log = createLog({ ...options, write: (line) => lines.push(line) });
  log.debug({ h: 7 }, 'Heard.');
  log.info({}, 'Redis is there.');
  log.warn({ reason: 'connect "ECONNREFUSED"', n: 2 }, 'Redis is away.');
  log.error({ error: 'Error: a\n    at b' }, 'It failed.');
  return lines;
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

test('a log for programs has one JSON object a line', () => {
  assert.deepEqual(
    written({ level: 'debug', plain: false }).map((line) => line.replace(TIME, 'TIME')),
    [
      '{"level":20,"time":"TIME","h":7,"msg":"Heard."}\n',
      '{"level":30,"time":"TIME","msg":"Redis is there."}\n',
      '{"level":40,"time":"TIME","reason":"connect \\"ECONNREFUSED\\"","n":2,"msg":"Redis is away."}\n',
      '{"level":50,"time":"TIME","error":"Error: a\\n    at b","msg":"It failed."}\n',
    ],
  );
});

test('a log for people has one sentence a line, with the time of day', () => {
  assert.deepEqual(
    written({ level: 'debug', plain: true }).map((line) => line.replace(/^\d\d:\d\d:\d\d /, 'TIME ')),
    [
      'TIME debug Heard. h=7\n',
      'TIME Redis is there.\n',
      'TIME WARNING Redis is away. reason="connect \\"ECONNREFUSED\\"" n=2\n',
      'TIME ERROR It failed. error="Error: a\\n    at b"\n',
    ],
  );
});

test('LOG_LEVEL says how much is logged', () => {
  const count = (level: string) => written({ level, plain: false }).length;
  assert.deepEqual(['debug', 'info', 'warn', 'error', 'silent'].map(count), [4, 3, 2, 1, 0]);
  silentLog.error({}, 'Nobody reads this.');
});
