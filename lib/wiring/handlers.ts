import { collectHandlers, type Handlers, isHandlers } from '../graph/handlers.ts';

export type { Handlers } from '../graph/handlers.ts';

/** All that `handlers()` made among a module's exports, also in arrays. Throws `Fault` invalid_input where two have one name. */
export function handlersIn(module: Record<string, unknown>): Handlers[] {
  collectHandlers(module);
  return Object.values(module).flat().filter(isHandlers);
}
