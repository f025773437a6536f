/** The soak for as long as one likes: `npm run soak -- --kills 2000 --seed 1 [--minutes 30] [--workers 3] [--servers 1]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sayFacts } from './say-facts.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: '3' },
    servers: { type: 'string', default: '1' },
    together: { type: 'string', default: '40' },
    /** Where it is to happen; kept. Default: a folder that goes unless something was found. */
    dir: { type: 'string' },
  },
});

const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'pawl-soak-'));
const { facts, ...counts } = await soak({
  dir,
  kills: Number(values.kills),
  seed: Number(values.seed),
  ...(values.minutes !== undefined && { longestMs: Number(values.minutes) * 60_000 }),
  workers: Number(values.workers),
  servers: Number(values.servers),
  together: Number(values.together),
  onProgress: ({ kills, accepted, seconds }) =>
    console.error(`${seconds} s: ${kills} of ${values.kills} kills, ${accepted} runs accepted`),
});
if (facts.length === 0 && values.dir === undefined) rmSync(dir, { recursive: true, force: true });
process.exit(sayFacts(counts, facts, `all files are in ${dir}`));
