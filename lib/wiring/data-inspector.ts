/** The process that reads a data directory from end to end: lines of JSON, progress and then what was found. */
import { writeSync } from 'node:fs';
import { inspectStore } from '../adapters/lmdb/inspect.ts';
import { isFault } from '../kernel/faults.ts';
import { openToInspect } from './open-to-inspect.ts';

const [dataDir = ''] = process.argv.slice(2);
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

try {
  const env = await openToInspect(dataDir);
  say({ inspection: inspectStore(env, (records, of) => say({ progress: { records, of } })) });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // What lmdb notices of damage, it throws.
  say(isOther(error) ? { refused: message } : { thrown: message });
}
process.exit();

/** What keeps one from reading, and is no damage. */
function isOther(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string | number; message?: string };
  return isFault(error) || /^E[A-Z]+$/.test(String(code)) || /MDB_READERS_FULL|Permission|memory/i.test(message);
}
