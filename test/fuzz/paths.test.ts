/** Names that try to leave the place where they belong. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFileBlobs } from '../../lib/adapters/files/blobs.ts';
import { keyOf, prefixOf } from '../../lib/adapters/s3/keys.ts';
import { createHttpApp } from '../../lib/http/app.ts';
import { openPawl, type Pawl } from '../../lib/wiring/open-pawl.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { hostileText } from './hostile.ts';
import { asksOf, operations, requestOf } from './requests.ts';
import { fuzzWorkflows } from './workflows.ts';

/** Ids and names as stores take them. */
const names = hostileText.filter((text) => text !== '' && !/\p{Surrogate}/u.test(text));
const blobNames = names.filter((text) => !text.includes('/'));

let dir: string;
let dataDir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pawl-paths-'));
  dataDir = join(dir, 'a', 'b', 'data');
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dir, 'a', 'x'), 'untouched');
  writeFileSync(join(dir, 'a', 'b', 'x'), 'untouched');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function assertNothingOutside(): void {
  const outside = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.startsWith(join('a', 'b', 'data', '/')),
  );
  expect(outside.sort()).toEqual(['a', join('a', 'b'), join('a', 'b', 'data'), join('a', 'b', 'x'), join('a', 'x')]);
  for (const path of ['a/x', 'a/b/x']) expect(readFileSync(join(dir, path), 'utf8')).toBe('untouched');
}

describe('blobs', () => {
  test('of a run lie in its own folder, whatever it is called, and are found again', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    const blobs = createFileBlobs({ dataDir });
    const put = fc.record({ run: names, name: blobNames, text: fc.string({ maxLength: 20 }) });
    const sequences = fc.record({ puts: fc.array(put, { minLength: 1, maxLength: 4 }), deleted: names });
    await fuzz(sequences, 40, async ({ puts, deleted }) => {
      const model = new Map<string, { run: string; text: string }>();
      for (const { run, name, text } of puts) {
        await blobs.put(`${run}/${name}`, text);
        model.set(`${run}/${name}`, { run, text });
      }
      await blobs.deleteAll(deleted);
      for (const [key, { run, text }] of model) {
        expect(await blobs.get(key), key).toBe(run === deleted ? undefined : text);
      }
      for (const { run } of puts) await blobs.deleteAll(run);
      assertNothingOutside();
    });
  });

  test('have names in the bucket that are no paths, and no two share one', { timeout: fuzzTimeoutMs }, async () => {
    const seen = new Map<string, string>();
    await fuzz(fc.tuple(names, blobNames, names), 1_000, ([run, name, other]) => {
      const key = keyOf(`${run}/${name}`);
      expect(key).toMatch(/^[A-Za-z0-9!_-]+\/[A-Za-z0-9!_-]+$/);
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
      expect(seen.get(key) ?? `${run}/${name}`).toBe(`${run}/${name}`);
      seen.set(key, `${run}/${name}`);
      expect(key.startsWith(prefixOf(other))).toBe(other === run);
    });
  });
});

describe('a data directory', () => {
  let pawl: Pawl;
  beforeAll(async () => {
    pawl = await openPawl({ workflows: fuzzWorkflows, dataDir, fsync: 'never', limits: { inlineBytes: 8 } });
  });
  afterAll(() => pawl.close());

  test('takes what is asked for over HTTP, and nothing is written or read beside it', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    const logged: string[] = [];
    const logger = {
      error: (message: string, fields?: Record<string, unknown>) => logged.push(`${message} ${String(fields?.error)}`),
    };
    const app = createHttpApp({ api: pawl, streams: { waitMs: 5 }, logger });
    const known = (field: string) => (field === 'workflow' ? fc.constantFrom('echo', 'asking') : names);
    const asks = fc.oneof(...operations.map(([, operation]) => asksOf(operation, known)));
    await fuzz(asks, 400, async (ask) => {
      const request = requestOf(ask);
      if (request === undefined) return;
      const answer = await app.fetch(request);
      expect(answer.status, `${JSON.stringify(ask)}\n${await answer.text()}`).toBeLessThan(500);
    });
    expect(logged).toEqual([]);
    assertNothingOutside();
    const inside = readdirSync(dataDir).filter(
      (name) => !/^(format\.json|store\.mdb|store\.mdb-lock|blobs|opening|processes|peers|sockets)$/.test(name),
    );
    expect(inside).toEqual([]);
  });
});
