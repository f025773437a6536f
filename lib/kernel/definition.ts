import type { Operations } from './operations.ts';

export type Durability = 'each' | 'relaxed' | 'none';

/** A workflow as the kernel sees it: a name, a version, and a function over the four operations. */
export interface Definition {
  name: string;
  version: number;
  durability: Durability;
  /** From creation to deadline, in ms. */
  timeoutMs: number;
  /** How long a settled run is kept, in ms. */
  retentionMs: number;
  /** Checks an input before a run is accepted, and gives what is stored. Throws `Fault` invalid_input with paths. */
  parseInput(input: unknown): unknown;
  /** The program. Everything it does has to follow from the input and from what the operations answer. */
  run(operations: Operations, input: unknown): Promise<unknown>;
}

/** The workflows that this process can run. */
export interface Definitions {
  /**
   * Without a version the one that new runs get. `newRun`: the id of a run that is to begin with it; it decides where
   * several versions are active side by side, and a workflow that takes no new runs is a `Fault` conflict. A promise where
   * the definition is data that has to be read first; then any fault may say why that cannot be used here.
   */
  find(name: string, version?: number, newRun?: string): Definition | undefined | Promise<Definition | undefined>;
  /** Those that are code. */
  list(): Definition[];
  /** All names, for whoever asked for another. Default: those of the list. */
  names?(): Promise<string[]>;
}

/** Workflows that are there all the time. */
export interface CodeDefinitions extends Definitions {
  /** The latest version where none is given. */
  find(name: string, version?: number): Definition | undefined;
}
