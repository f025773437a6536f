import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Whether the workflows differ from those with which a worker last began on this directory; from now on these are the
 * last. A deployment lets blocked runs go on, a restart does not: the same code would only block them again, or die by them.
 */
export async function isDeployment(dataDir: string, hash: string): Promise<boolean> {
  const file = join(dataDir, 'build', 'deployed');
  const last = await readFile(file, 'utf8').catch(() => '');
  if (last === hash) return false;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, hash, { mode: 0o600 });
  return true;
}
