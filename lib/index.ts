export { type Handler, type Handlers, type HandlerTask, handlers } from './graph/handlers.ts';
export type { Limits } from './kernel/limits.ts';
export type { Observer } from './kernel/ports.ts';
export type * from './service/api.ts';
export { type RunHandle, RunNotCompleted } from './service/run-handle.ts';
export { type ConfigInput, defineConfig } from './wiring/config.ts';
export { type OpenPawlOptions, openPawl, type Pawl, type StartOptions } from './wiring/open-pawl.ts';
export * from './workflow/index.ts';
