import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Somebody else's project: an empty folder, the packed package installed, a workflow of ten lines. */

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

const workflow = `import { workflow } from 'pawl';

export const greet = workflow({ name: 'greet' }, async (ctx, input: { names: string[] }) => {
  const greetings = await ctx.map('greetings', input.names, async (name, inner) =>
    inner.step('write', () => \`Hello, \${name}!\`),
  );
  await ctx.sleep('50ms');
  return greetings.join(' ');
});
`;

let project: string;
let tarballs: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'pawl-consumer-'));
  tarballs = mkdtempSync(join(tmpdir(), 'pawl-packed-'));
});

afterAll(() => {
  for (const dir of [project, tarballs]) rmSync(dir, { recursive: true, force: true });
});

/** A command typed in the project, outside of any npm script. */
async function type(command: string, ...words: string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  return (await run(command, words, { cwd: project, env })).stdout;
}

test('the packed package installed in a new folder runs a workflow of ten lines, types and test kit included', {
  timeout: 180_000,
}, async () => {
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', tarballs], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];

  await type('npm', 'init', '-y');
  expect(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))).toMatchObject({ name: expect.any(String) });
  await type('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', join(tarballs, filename));
  mkdirSync(join(project, 'workflows'));
  writeFileSync(join(project, 'workflows/index.ts'), workflow);

  const output = await type('npx', 'pawl', 'run', 'greet', '--input', '{"names": ["Ada", "Alan"]}');
  expect(JSON.parse(output)).toBe('Hello, Ada! Hello, Alan!');
  const listed = await type('npx', 'pawl', 'list', '--json');
  expect(listed).toContain('"completed"');

  writeFileSync(
    join(project, 'kit.mjs'),
    `import { createClient } from 'pawl/client';
     import { createTestPawl } from 'pawl/testing';
     import { openPawl, workflow, Fault } from 'pawl';
     const one = workflow({ name: 'one' }, async (ctx) => ctx.step('one', () => 1));
     const kit = await createTestPawl({ workflows: [one] });
     const pawl = await openPawl({ workflows: [one], dataDir: 'data' });
     console.log(await (await kit.start(one)).result(), await (await pawl.start(one)).result(), typeof createClient, Fault.name);
     await pawl.close();`,
  );
  expect(await type('node', 'kit.mjs')).toBe('1 1 function Fault\n');
});

test('a stack of the project deploys its workflows with the construct', { timeout: 240_000 }, async () => {
  await type(
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    'aws-cdk-lib@2.276.0',
    'constructs@10.8.1',
  );
  writeFileSync(
    join(project, 'app.mjs'),
    `import { App, Stack } from 'aws-cdk-lib';
     import { Pawl } from 'pawl/cdk';
     const app = new App({ outdir: 'cdk.out' });
     new Pawl(new Stack(app, 'Greetings'), 'Pawl', { workflows: 'workflows/index.ts' });
     app.synth();`,
  );
  await type('node', 'app.mjs');
  const template = JSON.parse(readFileSync(join(project, 'cdk.out/Greetings.template.json'), 'utf8')) as {
    Resources: Record<string, { Type: string }>;
  };
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  expect(types.filter((name) => name === 'AWS::Lambda::Function').length).toBeGreaterThanOrEqual(4);
  expect(types).toEqual(expect.arrayContaining(['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::ApiGatewayV2::Api']));

  const bundles = readdirSync(join(project, 'cdk.out'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^asset\..*\/index\.mjs$/.test(file))
    .map((file) => readFileSync(join(project, 'cdk.out', file), 'utf8'));
  expect(bundles).toHaveLength(4);
  expect(bundles.filter((code) => code.includes('greetings')).length).toBe(3);
});
