/** What a function's process and those who invoke it say to each other. */

import type { Endpoints, ServiceTimeouts } from '../../lib/wiring/aws/clients.ts';
import type { AwsEnvironment } from '../../lib/wiring/aws/environment.ts';

export type FunctionName = 'api' | 'driver' | 'sweeper';

export interface SandboxData {
  name: string;
  endpoints: Endpoints;
  environment: AwsEnvironment;
  timeouts: ServiceTimeouts;
  /** Two doubles: by how many ms time has been shifted in all processes; unused. */
  shift: SharedArrayBuffer;
  /** One integer: while it is 1, the process is frozen. */
  frozen: SharedArrayBuffer;
  /** A file to which each step writes a line when it begins. */
  effects: string;
}

export type ToSandbox =
  | { type: 'invoke'; id: number; name: FunctionName; event: unknown; deadline: number }
  /** Stops at once, until the integer says otherwise. */
  | { type: 'freeze' }
  /** Time was shifted: what is due rings. */
  | { type: 'shifted' };

export type FromSandbox =
  | { type: 'ready' }
  | { type: 'answered'; id: number; result: unknown }
  | { type: 'failed'; id: number; error: string }
  | { type: 'troubled'; run: string; trouble: string };

/** A step that has begun. */
export interface Effect {
  run: string;
  key: string;
  /** Of this execution, and of no other. */
  token: string;
  /** Tokens of the outcomes that it builds on. */
  after: string[];
  sandbox: string;
  /** Of a step that is never to run twice. */
  once?: true;
}
