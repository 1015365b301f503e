import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../bench/options.ts';
import { SCENARIOS } from '../../bench/scenarios/all.ts';
import { CONTENDERS } from '../../bench/servers/all.ts';

const ALL = {
  scenarios: SCENARIOS.map(({ name }) => name),
  servers: CONTENDERS.map(({ name }) => name),
  streams: undefined,
  rounds: 3,
  quick: false,
  write: false,
  json: undefined,
  from: undefined,
};

test('all of it is measured three times, unless something else is asked for', () => {
  assert.deepEqual(readOptions([]), ALL);
  assert.deepEqual(readOptions(['--quick']), { ...ALL, quick: true, rounds: 1 });
  const asked = [
    '--only',
    'burst,raw',
    '--servers',
    'nchan',
    '--streams',
    '5,7',
    '--rounds',
    '2',
    '--json',
    'a',
  ];
  assert.deepEqual(readOptions(asked), {
    ...ALL,
    ...{ scenarios: ['burst', 'raw'], servers: ['nchan'], streams: [5, 7], rounds: 2, json: 'a' },
  });
  assert.equal(readOptions(['-h']), 'help');
});

for (const [args, sentence] of [
  [['--servers', 'nginx,nchan'], `--servers knows ${ALL.servers.join(', ')}, but not nginx`],
  [['--streams', 'many'], '--streams must be numbers like 1000,5000, but is many'],
  [['--rounds', '0'], '--rounds must be a number from 1, but is 0'],
  [
    ['--write', '--only', 'raw'],
    '--write is for a whole run: leave out --quick, --only, --servers and --streams',
  ],
  [['--slow'], "Unknown option '--slow'"],
] as const)
  test(`${args.join(' ')} is refused in a sentence`, () => {
    assert.equal(readOptions(args), sentence);
  });
