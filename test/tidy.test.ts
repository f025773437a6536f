import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complaints } from './tidy/rules.ts';

const root = join(import.meta.dirname, '..');
const folders = ['lib', 'workflows', 'functions', 'infra', 'console', 'bench', 'test', 'scripts'];

const files = folders
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.split(sep).join('/')}`)
      .filter((path) => /\.(ts|mts|mjs)$/.test(path) && !/(^|\/)(node_modules|fixtures|dist)\//.test(path)),
  );

test('every file keeps the house rules', () => {
  expect(files).toContain('lib/kernel/faults.ts');
  const found = files.flatMap((path) =>
    complaints(path, readFileSync(join(root, path), 'utf8')).map((what) => `${path} ${what}`),
  );
  expect(found).toEqual([]);
});

/** Each rule is seen to fail: the path, the source, and what must be said about it. */
const refused: [rule: string, path: string, source: string, complaint: RegExp][] = [
  [
    'workflow does not import service',
    'lib/workflow/a.ts',
    "import { b } from '../service/b.ts';",
    /does not import from there/,
  ],
  ['workflow runs no package', 'lib/workflow/a.ts', "import { z } from 'zod';", /only types from packages/],
  ['kernel imports no adapter', 'lib/kernel/a.ts', "import type { B } from '../adapters/memory/b.ts';", /from there/],
  ['kernel imports no wiring', 'lib/kernel/a.ts', "export * from '../wiring/b.ts';", /from there/],
  ['kernel imports no package', 'lib/kernel/a.ts', "import type { B } from 'msgpackr';", /imports no packages/],
  [
    'kernel imports nothing of Node',
    'lib/kernel/a.ts',
    "import {\n  createHash,\n} from 'node:crypto';",
    /imports no packages/,
  ],
  ['kernel imports nothing later', 'lib/kernel/a.ts', "const b = await import('lmdb');", /imports no packages/],
  ['ports import only types', 'lib/ports/a.ts', "import { b } from './b.ts';", /nothing but types/],
  ['ports import no service', 'lib/ports/a.ts', "import type { B } from '../service/b.ts';", /from there/],
  ['adapters import no service', 'lib/adapters/lmdb/a.ts', "import { b } from '../../service/b.ts';", /from there/],
  ['adapters do not know each other', 'lib/adapters/lmdb/a.ts', "import { b } from '../memory/b.ts';", /each other/],
  ['graph imports no service', 'lib/graph/a.ts', "import { b } from '../service/b.ts';", /from there/],
  ['graph takes only types from the kernel', 'lib/graph/a.ts', "import { b } from '../kernel/run-turn.ts';", /values/],
  ['service imports no adapter', 'lib/service/a.ts', "import { b } from '../adapters/memory/b.ts';", /from there/],
  ['service imports no http', 'lib/service/a.ts', "import { b } from '../http/b.ts';", /from there/],
  ['http imports no adapter', 'lib/http/a.ts', "import { b } from '../adapters/lmdb/b.ts';", /from there/],
  ['http takes only types from the kernel', 'lib/http/a.ts', "import { b } from '../kernel/run-turn.ts';", /values/],
  ['client runs no service', 'lib/client/a.ts', "import { b } from '../service/start-run.ts';", /values/],
  ['client runs no route', 'lib/client/a.ts', "import { b } from '../http/routes.ts';", /from there/],
  ['cli imports no adapter', 'lib/cli/a.ts', "import { b } from '../adapters/lmdb/b.ts';", /from there/],
  ['testing imports no cli', 'lib/testing/a.ts', "import { b } from '../cli/b.ts';", /from there/],
  ['testing imports no http', 'lib/testing/a.ts', "import '../http/b.ts';", /from there/],
  ['wiring imports no cli', 'lib/wiring/a.ts', "import { b } from '../cli/b.ts';", /from there/],
  ['the entry exports no adapter', 'lib/index.ts', "export { b } from './adapters/memory/b.ts';", /from there/],
  ['lib imports nothing from outside', 'lib/service/a.ts', "import { b } from '../../test/b.ts';", /outside lib/],
  ['lib has no other folders', 'lib/stuff/a.ts', '', /does not know/],
  ['workflows import pawl, not its insides', 'workflows/a.ts', "import { b } from '../lib/kernel/b.ts';", /not meant/],
  ['functions name no adapter', 'functions/a.ts', "import { b } from '../lib/adapters/sqs/b.ts';", /not meant/],
  ['infra imports no service', 'infra/a.ts', "import { b } from '../lib/service/b.ts';", /infra\/ shares only/],
  ['infra runs nothing of lib', 'infra/a.ts', "import { b } from '../lib/kernel/b.ts';", /shares only names/],
  ['dev names no adapter', 'lib/dev/a.ts', "import { b } from '../adapters/sqs/b.ts';", /from there/],
  ['only dev runs the functions', 'lib/service/a.ts', "import { b } from '../../functions/b.ts';", /outside lib/],
  ['one file reads the environment', 'lib/cli/a.ts', 'const a = process.env.HOME;', /process\.env/],
  ['by whatever way', 'workflows/a.ts', "import { env } from 'node:process';", /process\.env/],
  ['no long file', 'lib/kernel/a.ts', 'a;\n'.repeat(701), /701 lines/],
  ['no bucket file', 'lib/http/utils.ts', '', /bucket/],
  ['no bucket folder', 'test/helpers/a.ts', '', /bucket/],
  ['no file of types', 'lib/kernel/types.ts', '', /bucket/],
  ['no default export', 'lib/http/a.ts', 'export default 1;', /default export/],
  ['nor a renamed one', 'lib/http/a.ts', 'export { a as default };', /default export/],
  ['the kernel has no clock', 'lib/kernel/a.ts', 'const a = Date.now();', /Date\.now/],
  ['nor in a template', 'lib/workflow/a.ts', `const a = \`\${Date.now()}\`;`, /Date\.now/],
  ['nor by a date', 'lib/service/a.ts', 'const a = new Date();', /new Date\(\)/],
  ['nor chance', 'lib/workflow/a.ts', 'const a = Math.random();', /Math\.random/],
  ['nor a global by its full name', 'lib/service/a.ts', 'globalThis.setInterval(a, 1);', /setInterval/],
  ['nor timers', 'lib/service/a.ts', 'setTimeout(a, 1);', /setTimeout/],
];

describe('the gate is seen failing', () => {
  test.each(refused)('%s', (_rule, path, source, complaint) => {
    expect(complaints(path, source)).toEqual([expect.stringMatching(complaint)]);
  });
});

const accepted: [what: string, path: string, source: string][] = [
  ['the kernel uses ports', 'lib/kernel/a.ts', "import type { B } from '../ports/b.ts';"],
  ['ports take types from the kernel', 'lib/ports/a.ts', "import type { B } from '../kernel/b.ts';"],
  ['adapters share a file beside them', 'lib/adapters/lmdb/a.ts', "import { b } from '../store-rules.ts';"],
  ['everyone knows the faults', 'lib/http/a.ts', "import { Fault } from '../kernel/faults.ts';"],
  ['the client uses the contract', 'lib/client/a.ts', "import { b } from '../http/contract.ts';"],
  ['or its folder', 'lib/client/a.ts', "import { b } from '../http/contract/runs.ts';"],
  ['only wiring names adapters', 'lib/wiring/a.ts', "import { b } from '../adapters/lmdb/b.ts';"],
  ['infra imports CDK', 'infra/a.ts', "import { b } from 'aws-cdk-lib/aws-sqs';"],
  ['infra shares names', 'infra/a.ts', "import { b } from '../lib/wiring/aws/names.ts';"],
  ['comments say anything', 'lib/kernel/a.ts', "// Date.now()\n/* import { a } from 'node:fs'; */\nexport {};"],
  ['strings too', 'lib/service/a.ts', "const message = 'not Math.random';"],
  ['a date of a given time', 'lib/service/a.ts', 'const a = new Date(at).toISOString();'],
  ["another object's method", 'lib/kernel/a.ts', 'clock.setTimeout(a);'],
  ['dev runs the functions', 'lib/dev/a.ts', "import { b } from '../../functions/b.ts';"],
  ['infra shares names', 'infra/bundling/a.ts', "import { b } from '../../lib/wiring/aws/names.ts';"],
  ['a config exports by default', 'vitest.config.ts', 'export default {};'],
  ['tests pass the environment on', 'test/a.test.ts', 'spawn(a, { env: process.env });'],
];

test.each(accepted)('allowed: %s', (_what, path, source) => {
  expect(complaints(path, source)).toEqual([]);
});
