import type { SettingName } from '../lib/settings.ts';

/** Which settings concern which command. */
export const REDIS: readonly SettingName[] = ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_PREFIX'];
export const STORE: readonly SettingName[] = [
  ...REDIS,
  'LOG_LENGTH',
  'LOG_AGE',
  'MAX_CHANNELS',
  'STORE_BYTES',
];
export const APP: readonly SettingName[] = [
  'PORT',
  'HOST',
  'SOCKET',
  'ADOPT',
  'CLIENT_BUFFER',
  'MAX_STREAMS',
  'MAX_STREAMS_PER_ADDRESS',
  'MAX_STREAM_CHANNELS',
  'HEARTBEAT',
  'PUBLISH_KEY',
  'PUBLISH_OPEN',
  'ACCESS_RULES',
  'CORS_ORIGINS',
  'CORS_OWNER',
  'ALLOWED_HOSTS',
  'TRUST_PROXY',
];
export const SIDECAR: readonly SettingName[] = [
  'PINS',
  'GPIO_DRIVER',
  'GPIO_CHIP',
  'MOCK_AUTO',
  'ANNOUNCE',
  'OUTBOX',
  'HEALTH_FILE',
];
export const LOG: readonly SettingName[] = ['LOG_LEVEL'];
