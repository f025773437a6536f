import { openPawl } from 'pawl';
import { interrupted } from './workflows.ts';

/** Brings 100 runs to a step that never ends, says so, and waits to be killed. */
const runs = 100;
const [dataDir = '.pawl'] = process.argv.slice(2);
let hanging = 0;
const ids: string[] = [];
const pawl = await openPawl({
  workflows: [interrupted(true)],
  dataDir,
  observer: {
    stepStarted({ key }) {
      if (key === 'middle') hanging += 1;
      if (hanging === runs) process.send?.(ids);
    },
  },
});
await Promise.all(
  Array.from({ length: runs }, async (_, i) => {
    ids.push((await pawl.start('interrupted', undefined, { key: `run-${i}` })).id);
  }),
);
if (hanging === runs) process.send?.(ids);
