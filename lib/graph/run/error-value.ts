import type { Json } from '../definition.ts';

/** An error as expressions and results of maps show it. */
export function errorValue(error: unknown): { name: string; message: string; details?: Json } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { details } = error as { details?: Json };
  return { name: error.name, message: error.message, ...(details !== undefined && { details }) };
}
