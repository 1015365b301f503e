/** Runs in the machine: `node presses.js DRIVER`. */
import { driverCase } from './drivers.ts';
import { checkMany, LINE } from './many.ts';
import { World } from './world.ts';

const world = new World(driverCase(process.argv[2]));
await world.start();
const sidecar = world.startSidecar(`many=${LINE}:double=0`, { ANNOUNCE: 'none' });
await sidecar.says('The sidecar watches');
await checkMany(world);
process.stdout.write('end\n');
process.exit(0);
