import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFlag, isSecret, readSettings, type SettingName, settings } from '../../src/lib/settings.ts';

/** What a setting's texts mean. */
function values(name: SettingName, texts: string[]): unknown[] {
  return texts.map((text) => {
    const { settings, problems } = readSettings({ [name]: text });
    assert.deepEqual(problems, [], `${name}=${text}`);
    return settings[name];
  });
}

/** Each of these texts is refused with the same words. */
function assertRefused(name: SettingName, texts: string[], words: string): void {
  for (const text of texts) {
    const shown = isSecret(name) ? '' : `, but is "${text}"`;
    assert.deepEqual(readSettings({ [name]: text }).problems, [`${name} must be ${words}${shown}.`]);
  }
}

test('a port', () => {
  assert.deepEqual(values('PORT', ['0', '80', '65535']), [0, 80, 65_535]);
  assertRefused('PORT', ['65536', '-1', '80.5', '8o', '1e3', '0x50', '٨'], 'a port from 0 to 65535');
});

test('a count', () => {
  assert.deepEqual(values('LOG_LENGTH', ['1', '1000', '9007199254740991']), [
    1,
    1000,
    Number.MAX_SAFE_INTEGER,
  ]);
  assertRefused(
    'LOG_LENGTH',
    ['0', '-1', '1.5', '1e3', 'all', '9007199254740992'],
    'a whole number of at least 1',
  );
});

test('a size', () => {
  assert.deepEqual(
    values('CLIENT_BUFFER', ['1', '65536', '10b', '1k', '1KB', '512KiB', '1.5 MiB', '64mib', '2G', '1gb']),
    [1, 65_536, 10, 1_024, 1_024, 524_288, 1_572_864, 67_108_864, 2_147_483_648, 1_073_741_824],
  );
  assertRefused(
    'CLIENT_BUFFER',
    ['0', '0MiB', '-1', 'MiB', '1 T', '1,5MiB', '1MiB/s'],
    'a size like 65536, 512KiB or 64MiB',
  );
});

test('a time', () => {
  assert.deepEqual(
    values('LOG_AGE', ['250ms', '15s', '1.5 s', '5m', '2h', '1d']),
    [250, 15_000, 1_500, 300_000, 7_200_000, 86_400_000],
  );
  assertRefused(
    'LOG_AGE',
    ['15', '0s', '0.5ms', '-1s', '1 day', '1D', 's'],
    'a time like 250ms, 15s, 5m, 2h or 1d',
  );
});

test('a time that may be left out', () => {
  assert.deepEqual(values('MOCK_AUTO', ['', '5s']), [undefined, 5_000]);
  assertRefused('MOCK_AUTO', ['5', 'never'], 'a time like 250ms, 15s, 5m, 2h or 1d');
});

test('yes or no', () => {
  const flags = (Object.keys(settings) as SettingName[]).filter(isFlag);
  assert.deepEqual(flags, ['PUBLISH_OPEN', 'TRUST_PROXY']);
  assert.deepEqual(values('PUBLISH_OPEN', ['1', 'true', 'Yes', 'ON']), [true, true, true, true]);
  assert.deepEqual(values('PUBLISH_OPEN', ['0', 'false', 'No', 'off']), [false, false, false, false]);
  assertRefused('PUBLISH_OPEN', ['2', 'y', 'null'], '1 or 0');
});

test('one of some words', () => {
  assert.deepEqual(values('GPIO_DRIVER', ['onoff', 'gpiomon', 'auto', 'mock']), [
    'onoff',
    'gpiomon',
    'auto',
    'mock',
  ]);
  assertRefused('GPIO_DRIVER', ['Mock', 'gpiod'], 'onoff, gpiomon, auto or mock');
});

test('a list', () => {
  assert.deepEqual(values('ADOPT', ['*', 'base,room-*', ' a , b c ,, ']), [
    ['*'],
    ['base', 'room-*'],
    ['a', 'b c'],
  ]);
  assert.deepEqual(values('ALLOWED_HOSTS', ['pins.example']), [['pins.example']]);
});

test('a list of origins', () => {
  assert.deepEqual(
    values('CORS_ORIGINS', ['*', 'https://a.example, http://b.example:3000', 'http://[::1]:8080']),
    [['*'], ['https://a.example', 'http://b.example:3000'], ['http://[::1]:8080']],
  );
  assertRefused(
    'CORS_ORIGINS',
    [
      'a.example',
      'https://a.example/',
      'https://A.example',
      'https://a.example:443',
      'https://a.example/page',
      'null',
    ],
    'a list of origins like https://a.example, without a path, or *',
  );
});

test('the address of a Redis', () => {
  const good = [
    'redis://localhost',
    'redis://localhost:6379/',
    'redis://user:p%40ss@10.0.0.7:6380/15',
    'rediss://redis.example:6379',
    'redis://[::1]:6379',
    'unix:/run/redis/redis.sock',
  ];
  assert.deepEqual(values('REDIS_URL', good), good);
  assertRefused(
    'REDIS_URL',
    [
      'localhost',
      'localhost:6379',
      'http://localhost',
      'redis://localhost/one',
      'redis://localhost:port',
      'redis://:a%zz@localhost',
    ],
    'an address like redis://localhost:6379 or redis://:password@host:6379/1',
  );
});

test('Sentinels', () => {
  assert.deepEqual(values('REDIS_SENTINELS', ['mymaster@a:26379,b:5000', 'mymaster@10.0.0.1 , s']), [
    {
      name: 'mymaster',
      hosts: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 5_000 },
      ],
    },
    {
      name: 'mymaster',
      hosts: [
        { host: '10.0.0.1', port: 26_379 },
        { host: 's', port: 26_379 },
      ],
    },
  ]);
  assertRefused(
    'REDIS_SENTINELS',
    ['mymaster', '@a', 'mymaster@', 'mymaster@,'],
    'like mymaster@sentinel-a:26379,sentinel-b:26379',
  );
});

test('a prefix', () => {
  assert.deepEqual(values('REDIS_PREFIX', ['pinstream:', 'app1/', 'x']), ['pinstream:', 'app1/', 'x']);
  assertRefused(
    'REDIS_PREFIX',
    ['a b', 'a*', 'a?', '[a]', '{a}', 'a\0'],
    'a text without spaces, *, ?, [, ], { and }',
  );
});

test('a channel or none', () => {
  assert.deepEqual(values('ANNOUNCE', ['sse', 'presses', 'none']), ['sse', 'presses', '']);
});
