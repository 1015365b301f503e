import type { Store } from '../bus/store.ts';
import type { Log } from '../lib/log.ts';
import type { SidecarConfig } from './config.ts';
import { createSidecar } from './sidecar.ts';

export interface RunningSidecar {
  stop(): Promise<void>;
}

/** Starts the sidecar on a store that is another one's: both started before and closed after it. */
export async function startSidecar(config: SidecarConfig, store: Store, log: Log): Promise<RunningSidecar> {
  const sidecar = createSidecar(config, store.bus, store.board, log);
  await sidecar.start();
  return sidecar;
}
