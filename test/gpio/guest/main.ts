/** Runs in the machine: `node main.js DRIVER`. */

import { Channel } from './app.ts';
import { checkAuto } from './auto.ts';
import { failuresTell } from './checks.ts';
import { checkChips } from './chips.ts';
import { checkCrashes, checkEnd, checkStall } from './crashes.ts';
import { driverCase } from './drivers.ts';
import { checkNobody } from './nobody.ts';
import { Program } from './program.ts';
import { Trace } from './trace.ts';
import { checkTroubles } from './troubles.ts';
import { checkWorking, PINS } from './working.ts';
import { World } from './world.ts';

const world = new World(driverCase(process.argv[2]));
const trace = new Trace();
failuresTell(
  () => `${world.device.summary}\n${Channel.summary}\nThe sidecar said:\n${world.sidecar?.log.slice(-4_000)}`,
);
trace.mount();
await world.start();
await world.startApp();
const holder = new Program('/gpiod2/bin/gpiomon', ['--banner', '-c', world.chip.name, '6']);
await holder.says('Monitoring');
trace.clear();
world.startSidecar(PINS);
await checkWorking(world, trace);
await checkTroubles(world, holder);
await checkCrashes(world);
await checkStall(world);
await checkEnd(world, trace);
await checkNobody(world);
await checkChips(world);
await checkAuto(world);
process.stdout.write('end\n');
process.exit(0);
