import { isFault } from '../kernel/faults.ts';
import type { PawlApi } from '../service/api.ts';
import { Complaint } from './exit-codes.ts';

/** Says which workflow was meant, if that is why nothing was started; throws the error on otherwise. */
export async function suggestWorkflow(error: unknown, api: PawlApi, typed: string): Promise<never> {
  if (!isFault(error, 'not_found')) throw error;
  const known = (await api.listWorkflows().catch(() => [])).map(({ name }) => name);
  if (known.includes(typed)) throw error;
  throw await unknown(`There is no workflow ${typed}`, typed, [...new Set(known)], 'Workflows', error);
}

/** Says which run was meant, if there is none of this id; throws the error on otherwise. */
export async function suggestRun(error: unknown, api: PawlApi, typed: string): Promise<never> {
  if (!isFault(error, 'not_found')) throw error;
  const latest = await api.listRuns({ limit: 200 }).catch(() => ({ items: [] }));
  const known = latest.items.map(({ id }) => id);
  throw await unknown(`There is no run ${typed}`, typed, known, undefined, error);
}

async function unknown(
  message: string,
  typed: string,
  known: string[],
  listTitle: string | undefined,
  cause: unknown,
): Promise<Complaint> {
  const { nearest } = await import('../wiring/config.ts');
  const meant = nearest(typed, known);
  const advice: string[] = [];
  if (meant !== undefined) advice.push(`Did you mean ${meant}?`);
  else if (listTitle !== undefined && known.length > 0) advice.push(`${listTitle}: ${known.sort().join(', ')}`);
  else if (listTitle === undefined) advice.push('"pawl list" shows the runs.');
  return new Complaint(message, { advice, cause });
}
