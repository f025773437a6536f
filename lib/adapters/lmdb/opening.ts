/**
 * Marks of processes that are opening a data directory. Each leaves a file that it takes away once it has read what it
 * will work on; the file of a dead process says that it died on the way, perhaps of what it read.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface OpeningMark {
  /** Processes that died while they opened the directory. */
  deaths: number;
  /** What they died of was not the directory. */
  forgive(): void;
  /** This process has got through. */
  remove(): void;
}

/** Where nothing can be written there is no mark: a full disk has to be readable. */
export function markOpening(dataDir: string): OpeningMark {
  try {
    return leaveMark(dataDir);
  } catch {
    return { deaths: 0, forgive() {}, remove() {} };
  }
}

function leaveMark(dataDir: string): OpeningMark {
  const directory = join(dataDir, 'opening');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const dead = readdirSync(directory).filter((name) => !isAlive(Number(name.split('.')[0])));
  const own = join(directory, `${process.pid}.${Math.random().toString(36).slice(2)}`);
  writeFileSync(own, '', { mode: 0o600 });
  return {
    deaths: dead.length,
    forgive() {
      for (const name of dead) rmSync(join(directory, name), { force: true });
    },
    remove: () => rmSync(own, { force: true }),
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
