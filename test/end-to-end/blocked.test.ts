import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenPawlOptions, openPawl, type Pawl, workflow } from 'pawl';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pawl-blocked-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function stepNamed(name: string) {
  return workflow({ name: 'changed' }, async (ctx) => {
    await ctx.step(name, () => 1);
    return ctx.signal('go');
  });
}

/** Resolves once the run's journal has an event of this type. */
async function recorded(pawl: Pawl, id: string, type: string): Promise<void> {
  for await (const entry of pawl.watchRun(id)) if (entry.type === type) return;
}

test('a run that other code has blocked goes on at once when a process opens the directory with code that fits', async () => {
  const open = (name: string, more?: Partial<OpenPawlOptions>) =>
    openPawl({ workflows: [stepNamed(name)], dataDir: dir, ...more });

  const before = await open('before');
  const run = await before.start('changed');
  await recorded(before, run.id, 'run_suspended');
  await before.close();

  const broken = await open('renamed');
  await broken.signalRun(run.id, 'go', { payload: 'gone on' });
  await recorded(broken, run.id, 'run_blocked');
  expect((await broken.getRun(run.id)).blocked?.message).toMatch(/'before'.*'renamed'/s);
  await broken.close();

  const repaired = await open('before');
  expect(await repaired.run(run.id).result()).toBe('gone on');
  await repaired.close();
});
