/** What the examples import as `pawl`, without what opens stores: the bundle stays small. */
export { handlers } from '../../lib/graph/handlers.ts';
export * from '../../lib/workflow/index.ts';
