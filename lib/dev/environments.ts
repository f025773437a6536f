import type { Handler } from './lambda.ts';

/**
 * Where the invocations of a function run, as Lambda has it: one at a time in each environment. One that is free is used
 * again, with all that its process remembers; where none is, another begins.
 */
export function inEnvironments<Event, Result>(begin: () => Handler<Event, Result>): Handler<Event, Result> {
  const free = [begin()];
  return async (event, context) => {
    // The one that was used last.
    const handler = free.pop() ?? begin();
    try {
      return await handler(event, context);
    } finally {
      free.push(handler);
    }
  };
}
