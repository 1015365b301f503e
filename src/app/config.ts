import type { Settings } from '../lib/settings.ts';
import { type AccessRule, parseRules } from './access/rules.ts';

/** What the app needs of the settings. */
export interface AppConfig {
  readonly host: string;
  readonly port: number;
  /** Where a proxy on this machine reaches the app besides; empty: nowhere. */
  readonly socket: string;
  readonly clientBuffer: number;
  readonly maxStreams: number;
  readonly maxStreamsPerAddress: number;
  readonly maxStreamChannels: number;
  readonly maxChannels: number;
  readonly storeBytes: number;
  readonly heartbeat: number;
  readonly publishKey: string;
  readonly publishOpen: boolean;
  readonly rules: readonly AccessRule[];
  readonly corsOrigins: readonly string[];
  readonly ownsCors: boolean;
  readonly allowedHosts: readonly string[];
  readonly trustProxy: boolean;
}

export function appConfig(settings: Settings): { config: AppConfig; problems: string[] } {
  const { rules, problems } = parseRules(settings.ACCESS_RULES ?? '');
  const config = {
    host: settings.HOST,
    port: settings.PORT,
    socket: settings.SOCKET,
    clientBuffer: settings.CLIENT_BUFFER,
    maxStreams: settings.MAX_STREAMS,
    maxStreamsPerAddress: settings.MAX_STREAMS_PER_ADDRESS,
    maxStreamChannels: settings.MAX_STREAM_CHANNELS,
    maxChannels: settings.MAX_CHANNELS,
    storeBytes: settings.STORE_BYTES,
    heartbeat: settings.HEARTBEAT,
    publishKey: settings.PUBLISH_KEY,
    publishOpen: settings.PUBLISH_OPEN,
    rules,
    corsOrigins: settings.CORS_ORIGINS,
    ownsCors: settings.CORS_OWNER === 'app',
    allowedHosts: settings.ALLOWED_HOSTS,
    trustProxy: settings.TRUST_PROXY,
  };
  return { config, problems };
}
