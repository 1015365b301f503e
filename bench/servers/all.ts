import type { Contender } from '../contender.ts';
import { betterSse } from './betterSse.ts';
import { koa, koaNginx } from './koa.ts';
import { loop } from './loop.ts';
import { nchan } from './nchan.ts';
import { pinstream, pinstreamSocket, pinstreamTcp } from './pinstream.ts';

/** Everybody who takes part, as the tables have them. */
export const CONTENDERS: readonly Contender[] = [
  pinstream,
  nchan,
  betterSse,
  koa,
  loop,
  pinstreamTcp,
  pinstreamSocket,
  koaNginx,
];
