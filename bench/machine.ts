import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import type { Calibration } from './calibration.ts';
import { scaleOf } from './rows.ts';
import { show } from './table.ts';

/** Where figures were measured, without which they say nothing. */
export function machineText(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `${availableParallelism()} cores, ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
}

/** Somebody else at work makes every figure worse. */
export function loadText(): string {
  return `load before the first measurement: ${(loadavg()[0] ?? 0).toFixed(1)}`;
}

export function calibrationText(calibration: Calibration): string {
  const { putMs, putsPerSecond, putsPerSecond64 } = calibration;
  return (
    `plain awaited LMDB writes of 200 bytes: ${show(putMs)} ms alone (${show(putsPerSecond)}/s), ` +
    `${show(putsPerSecond64)}/s with 64 in flight; targets of speed are scaled by ${show(scaleOf(calibration))}`
  );
}
