import { openPawl } from 'pawl';
import { interrupted } from './workflows.ts';

/** Brings runs to a step that never ends, says so, and waits to be killed. */
const [dataDir = '.pawl', count = '100'] = process.argv.slice(2);
const runs = Number(count);
let hanging = 0;
const ids: string[] = [];
const tell = () => {
  if (hanging === runs && ids.length === runs) process.send?.(ids);
};
const pawl = await openPawl({
  workflows: [interrupted(true)],
  dataDir,
  concurrency: runs,
  observer: {
    stepStarted({ key }) {
      if (key === 'middle') hanging += 1;
      tell();
    },
  },
});
await Promise.all(
  Array.from({ length: runs }, async (_, i) => {
    ids.push((await pawl.start('interrupted', undefined, { key: `run-${i}` })).id);
    tell();
  }),
);
