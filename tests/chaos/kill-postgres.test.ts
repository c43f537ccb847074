import { killAtRandom } from './kill.ts';

killAtRandom('postgres');
