import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const dist = resolve(import.meta.dirname, '../../dist');

/** What Node loads with a built module before any of its code runs, apart from files of Pawl and Node's own modules. */
function packagesOf(entry: string): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b(?:[^'";]*?from)?\s*"([^"]+)"/gm);
    for (const [, name = ''] of imports) {
      if (name.startsWith('.')) follow(join(dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  follow(join(dist, entry));
  expect(seen.size).toBeGreaterThan(1);
  return [...packages].sort();
}

test.each([
  ['pawl', 'index.mjs', []],
  ['pawl/client', 'client.mjs', []],
  ['pawl/testing', 'testing.mjs', []],
  ['the command line', 'cli.mjs', ['commander', 'picocolors']],
])('%s loads no other package before it is needed', (_name, entry, packages) => {
  expect(packagesOf(entry)).toEqual(packages);
});
