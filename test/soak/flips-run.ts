/** Flipped bits for as long as one likes: `npm run soak:flips -- --flips 3000 --seed 1`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flip } from './flips.ts';
import { sayFacts } from './say-facts.ts';

const { values } = parseArgs({
  options: { flips: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});

const dir = mkdtempSync(join(tmpdir(), 'pawl-flips-'));
const { counts, facts } = await flip({
  dir,
  flips: Number(values.flips),
  seed: Number(values.seed),
  onProgress: (sofar) => console.error(JSON.stringify(sofar)),
});
rmSync(dir, { recursive: true, force: true });
process.exit(sayFacts(counts, facts, `found with seed ${values.seed}`));
