import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecret, readSettings, type SettingName, settings } from '../../src/lib/settings.ts';

test('without anything set, each setting has its default', () => {
  const { settings, problems } = readSettings({});
  assert.deepEqual(problems, []);
  assert.deepEqual(settings, {
    PORT: 8080,
    HOST: '127.0.0.1',
    SOCKET: '',
    REDIS_URL: '',
    REDIS_SENTINELS: undefined,
    REDIS_PREFIX: 'pinstream:',
    ADOPT: [],
    LOG_LENGTH: 1000,
    LOG_AGE: 86_400_000,
    MAX_CHANNELS: 10_000,
    STORE_BYTES: 67_108_864,
    CLIENT_BUFFER: 1_048_576,
    MAX_STREAMS: 20_000,
    MAX_STREAMS_PER_ADDRESS: 1_000,
    MAX_STREAM_CHANNELS: 100,
    HEARTBEAT: 15_000,
    PUBLISH_KEY: '',
    PUBLISH_OPEN: false,
    ACCESS_RULES: '',
    CORS_ORIGINS: [],
    CORS_OWNER: 'app',
    ALLOWED_HOSTS: [],
    TRUST_PROXY: false,
    PINS: 'button=17',
    GPIO_CHIP: '',
    GPIO_DRIVER: 'onoff',
    HEALTH_FILE: '',
    MOCK_AUTO: undefined,
    ANNOUNCE: 'sse',
    OUTBOX: 10_000,
    LOG_LEVEL: 'info',
  });
});

test('an empty setting is one that was not set, and spaces around it do not count', () => {
  const empty = Object.fromEntries(Object.keys(settings).map((name) => [name, '']));
  assert.deepEqual(readSettings(empty), readSettings({}));
  assert.equal(readSettings({ PORT: ' 81 \n' }).settings.PORT, 81);
});

test('names that are no settings are not looked at', () => {
  assert.deepEqual(readSettings({ PATH: '/bin', PORTS: 'x' }), readSettings({}));
});

test('every mistake is said at once, in the order of the settings', () => {
  const { problems } = readSettings({
    LOG_LEVEL: 'loud',
    PORT: '99999',
    PUBLISH_OPEN: 'maybe',
    REDIS_URL: 'localhost:6379',
    HEARTBEAT: '15',
    STORE_BYTES: 'much',
    LOG_LENGTH: '0',
    CORS_OWNER: 'nginx',
  });
  assert.deepEqual(problems, [
    'PORT must be a port from 0 to 65535, but is "99999".',
    'REDIS_URL must be an address like redis://localhost:6379 or redis://:password@host:6379/1.',
    'LOG_LENGTH must be a whole number of at least 1, but is "0".',
    'STORE_BYTES must be a size like 65536, 512KiB or 64MiB, but is "much".',
    'HEARTBEAT must be a time like 250ms, 15s, 5m, 2h or 1d, but is "15".',
    'PUBLISH_OPEN must be 1 or 0, but is "maybe".',
    'CORS_OWNER must be app or proxy, but is "nginx".',
    'LOG_LEVEL must be debug, info, warn, error or silent, but is "loud".',
  ]);
});

test('a secret is not repeated in what is said of it', () => {
  const { problems } = readSettings({ REDIS_URL: 'http://:hunter2@redis' });
  assert.equal(problems.length, 1);
  assert.doesNotMatch(problems.join(), /hunter2/);
  const secrets = (Object.keys(settings) as SettingName[]).filter(isSecret);
  assert.deepEqual(secrets, ['REDIS_URL', 'PUBLISH_KEY', 'ACCESS_RULES']);
});
