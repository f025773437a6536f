import type { Definition } from './definition.ts';
import { isFault, isOutage } from './faults.ts';
import type { Ports } from './ports.ts';

/**
 * What a run of this id is to begin with. One that has begun already keeps what it began with, also where its workflow
 * takes no new runs any more: whoever asks only repeats himself.
 */
export async function findForNewRun(
  ports: Ports,
  workflow: string,
  version: number | undefined,
  id: string,
): Promise<Definition | undefined> {
  try {
    return await ports.definitions.find(workflow, version, id);
  } catch (error) {
    const head = isFault(error, 'conflict') ? await ports.store.readHead(id) : undefined;
    if (!head) throw error;
    return ports.definitions.find(workflow, head.birth.version);
  }
}

/** What an open run goes on with, or why that cannot be used here. */
export async function findForOpenRun(
  { definitions }: Ports,
  workflow: string,
  version: number,
): Promise<Definition | { reason: string }> {
  const missing = { reason: `Workflow ${workflow}@${version} is not deployed here. Deploy it, and the run goes on.` };
  try {
    return (await definitions.find(workflow, version)) ?? missing;
  } catch (error) {
    if (!isFault(error) || isOutage(error)) throw error;
    return { reason: `Workflow ${workflow}@${version} cannot be used here: ${error.message}` };
  }
}
