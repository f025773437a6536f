export type { Definition, Durability } from '../kernel/definition.ts';
export { Fault, type FaultCode, type Problem } from '../kernel/faults.ts';
export type { StepAttempt } from '../kernel/operations.ts';
export { WorkflowError } from '../kernel/operations.ts';
export { CancelledError, NonRetryableError, TaskError, TimeoutError } from '../kernel/stored-error.ts';
export { CompensationError } from './compensation.ts';
export type {
  Branch,
  Callback,
  ChildOptions,
  Context,
  MapFunction,
  MapResult,
  RaceResult,
  SignalOptions,
  StepOptions,
} from './context.ts';
export type { Duration } from './duration.ts';
export type { RetryOptions } from './retry.ts';
export type { Schema } from './schema.ts';
export type { Stored } from './stored.ts';
export { isWorkflow, type Workflow, type WorkflowOptions, workflow } from './workflow.ts';
