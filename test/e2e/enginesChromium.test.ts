import { coreSuite } from '../support/engineSuite.ts';

coreSuite('Chromium');
