/** Openings beside writers for as long as one likes: `npm run soak:openings -- --seconds 60 [--bare]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBesideWriters } from './openings.ts';
import { sayFacts } from './say-facts.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    /** With nothing that keeps the others from writing, until something is lost. */
    bare: { type: 'boolean', default: false },
  },
});

const dir = mkdtempSync(join(tmpdir(), 'pawl-openings-'));
const { facts, ...counts } = await openBesideWriters({
  dir,
  seconds: Number(values.seconds),
  bare: values.bare,
  untilFound: values.bare,
  onRound: (sofar) => console.error(JSON.stringify(sofar, (key, value) => (key === 'facts' ? value.length : value))),
});
rmSync(dir, { recursive: true, force: true });
process.exit(sayFacts(counts, facts, 'what is lost differs each time'));
