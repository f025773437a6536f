import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Tests that type commands have the built command line, as users do; it is built again if its sources are newer. */
export function setup(): void {
  const built = changedAt(join(root, 'dist/cli.mjs'));
  const files = ['lib', 'functions', 'infra'].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' }).map((file) => join(root, dir, file)),
  );
  if (files.every((file) => changedAt(file) <= built)) return;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  if (status === 0) return;
  if (built === 0) throw new Error('The build failed, see above.');
  console.warn('The build failed, see above. Tests that type commands have the one before.');
}

/** Milliseconds since 1970; 0: not there. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
