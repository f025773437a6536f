/** Time of this machine, for whoever wires something up without a backend. */
export { systemClock } from '../adapters/system/clock.ts';
