import { killAtRandom } from './kill.ts';

killAtRandom('redis');
