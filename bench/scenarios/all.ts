import type { Scenario } from '../scenario.ts';
import { burst } from './burst.ts';
import { connect } from './connect.ts';
import { fanOut } from './fanOut.ts';
import { growth } from './growth.ts';
import { memory } from './memory.ts';
import { publish } from './publish.ts';
import { raw } from './raw.ts';
import { replay } from './replay.ts';
import { steady } from './steady.ts';

export const SCENARIOS: readonly Scenario[] = [
  fanOut,
  burst,
  steady,
  connect,
  memory,
  replay,
  publish,
  raw,
  growth,
];
