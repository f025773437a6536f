/**
 * What is known about other processes' lives beyond leases. On one machine a process that died is known at once; across
 * machines nothing is known and leases decide alone.
 */
export interface Liveness {
  /** The name under which this process appears in claims (`<process>.<turn>`) and in the birth of runs. */
  readonly self: string;
  /** True only if the process is certainly gone. Takes a process name, or a driver's (`<process>.<turn>`). */
  isGone(name: string): Promise<boolean>;
}
