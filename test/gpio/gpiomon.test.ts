import { test } from 'node:test';
import { testInMachine } from './machine.ts';

test('the gpiomon driver on a real kernel', (t) => testInMachine(t, 270, 'main', 'gpiomon'));
