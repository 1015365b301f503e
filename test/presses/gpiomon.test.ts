import { test } from 'node:test';
import { testInMachine } from '../gpio/machine.ts';

test('two thousand presses with the gpiomon driver', (t) => testInMachine(t, 600, 'presses', 'gpiomon'));
