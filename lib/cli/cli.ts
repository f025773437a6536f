import type { Colors } from 'picocolors/types';
import type { Environment } from '../wiring/cli-environment.ts';
import type { Connect } from './connect.ts';
import type { ExitCode } from './exit-codes.ts';

/** Where output goes. Results go to `out` and nothing else does, so that a script can read them. */
export interface Terminal {
  /** Writes one line. */
  out(line: string): void;
  err(line: string): void;
  readonly outColors: Colors;
  readonly errColors: Colors;
  /** Whether a person sees `err` as it is redrawn. */
  readonly interactive: boolean;
  /** Columns of `out`; infinite where it is no terminal. */
  outWidth(): number;
  errWidth(): number;
  errHeight(): number;
  /** Redraws what it has drawn before, on `err`. */
  redraw(): Promise<Redraw>;
}

export interface Redraw {
  draw(lines: string[]): void;
  /** Writes lines above what is redrawn, for good. */
  above(lines: string[]): void;
  /** Leaves what was drawn last. */
  done(): void;
}

/** Everything that a command needs from outside. */
export interface Cli {
  terminal: Terminal;
  cwd: string;
  /** The words after `pawl`. */
  words: readonly string[];
  now(): number;
  environment(): Promise<Environment>;
  connect: Connect;
  readStdin(): Promise<string>;
  /** Calls back at Ctrl-C and when told to terminate, instead of ending. The returned function takes the call back. */
  onStop(callback: (signal: 'SIGINT' | 'SIGTERM') => void): () => void;
  /** What the process is to end with. */
  exit: { code: ExitCode };
  /** Ends the process now. */
  quit(code: ExitCode): void;
}
