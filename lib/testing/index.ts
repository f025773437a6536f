export type { ExportedRun } from '../service/api.ts';
export type { ChildReplacement } from './child-stand-in.ts';
export { type ReplayResult, replay } from './replay.ts';
export type { StepCall, StepReplacement, StepTarget, TestAttempt } from './stand-ins.ts';
export type { StepPattern } from './step-pattern.ts';
export {
  createTestPawl,
  type FailOptions,
  type Later,
  type LogEntry,
  type TestPawl,
  type TestPawlOptions,
} from './test-pawl.ts';
export { RunStillOpen, type TestRun } from './test-run.ts';
