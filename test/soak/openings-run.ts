/** Openings beside writers for as long as one likes: `npm run soak:openings -- --seconds 60 [--bare]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBesideWriters } from './openings.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    /** With nothing that keeps the others from writing, until something is lost. */
    bare: { type: 'boolean', default: false },
  },
});

const shownFacts = 30;
const shownChars = 400;
const dir = mkdtempSync(join(tmpdir(), 'pawl-openings-'));
const { facts, ...counts } = await openBesideWriters({
  dir,
  seconds: Number(values.seconds),
  bare: values.bare,
  untilFound: values.bare,
  onRound: (sofar) => console.error(JSON.stringify(sofar, (key, value) => (key === 'facts' ? value.length : value))),
});
rmSync(dir, { recursive: true, force: true });
console.log(JSON.stringify(counts));
for (const fact of facts.slice(0, shownFacts)) console.log(fact.slice(0, shownChars));
if (facts.length > 0) console.log(`${facts.length} facts that may not be`);
process.exit(facts.length > 0 ? 1 : 0);
