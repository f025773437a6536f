/** Flipped bits for as long as one likes: `npm run soak:flips -- --flips 3000 --seed 1`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flip } from './flips.ts';

const { values } = parseArgs({
  options: { flips: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});

const shownFacts = 30;
const shownChars = 400;
const dir = mkdtempSync(join(tmpdir(), 'pawl-flips-'));
const { counts, facts } = await flip({
  dir,
  flips: Number(values.flips),
  seed: Number(values.seed),
  onProgress: (sofar) => console.error(JSON.stringify(sofar)),
});
rmSync(dir, { recursive: true, force: true });
console.log(JSON.stringify(counts));
for (const fact of facts.slice(0, shownFacts)) console.log(fact.slice(0, shownChars));
if (facts.length > 0) console.log(`${facts.length} facts that may not be, with seed ${values.seed}`);
process.exit(facts.length > 0 ? 1 : 0);
