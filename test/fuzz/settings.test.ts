/** Configuration, environment and command lines, by whoever writes them. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Complaint } from '../../lib/cli/exit-codes.ts';
import { openProject } from '../../lib/cli/project.ts';
import { isFault } from '../../lib/kernel/faults.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { readAwsEnvironment } from '../../lib/wiring/aws/environment.ts';
import { readEnvironment } from '../../lib/wiring/cli-environment.ts';
import { parseConfig } from '../../lib/wiring/parse-config.ts';
import { type } from '../cli/fake-cli.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { damaged, hostileJson, hostileText } from './hostile.ts';
import { mangled } from './mangled.ts';

const config = fc.record(
  {
    workflows: fc.oneof(fc.constant('workflows.ts'), hostileText),
    store: fc.constantFrom('lmdb', 'memory'),
    dataDir: fc.oneof(fc.constant('.pawl'), hostileText),
    fsync: fc.constantFrom('batch', 'never'),
    host: hostileText,
    port: fc.integer({ min: -1, max: 70_000 }),
    limits: fc.dictionary(fc.constantFrom(...Object.keys(defaultLimits), '__proto__', 'constructor'), fc.double(), {
      maxKeys: 3,
    }),
    load: fc.dictionary(fc.constantFrom('backlog', 'eventStreams', '__proto__', 'constructor'), fc.double(), {
      maxKeys: 3,
    }),
  },
  { requiredKeys: [] },
);
const settings = fc.oneof(config as fc.Arbitrary<unknown>, damaged(config), fc.anything(), hostileJson);

/** Whether it is one of those that say to the user what is wrong. */
function isToldWell(error: unknown): boolean {
  return error instanceof Complaint || (isFault(error, 'invalid_input') && error.message !== '');
}

describe('a configuration', () => {
  test('is settings with all defaults, or refused with the paths of what is wrong', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    await fuzz(settings, 1_000, (value) => {
      try {
        const parsed = parseConfig(value, 'pawl.config.ts');
        expect(Object.keys(parsed).sort()).toEqual([
          'dataDir',
          'fsync',
          'host',
          'limits',
          'load',
          'port',
          'store',
          'workflows',
        ]);
        const bounds = { ...parsed.limits, ...parsed.load };
        for (const limit of Object.values(bounds)) expect(limit).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_input', problems: expect.arrayContaining([expect.anything()]) });
      }
    });
  });

  describe('in a file', () => {
    let dir: string;
    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), 'pawl-fuzz-'));
      mkdirSync(join(dir, 'project'));
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    test('is read or refused, whatever text it is, and nothing is written', { timeout: fuzzTimeoutMs }, async () => {
      const file = join(dir, 'project', 'pawl.config.json');
      const good = JSON.stringify(
        { workflows: 'workflows.ts', dataDir: '.pawl', limits: { eventsPerRun: 5 } },
        null,
        2,
      );
      const texts = fc.oneof(
        mangled(good),
        settings.map((value) => safeJson(value)),
        hostileText,
      );
      await fuzz(texts, 300, async (text) => {
        writeFileSync(file, text);
        try {
          const project = await openProject({ cwd: join(dir, 'project') });
          expect(project.root).toBe(join(dir, 'project'));
        } catch (error) {
          expect(isToldWell(error), String(error)).toBe(true);
        }
        expect(readdirSync(join(dir, 'project'))).toEqual(['pawl.config.json']);
      });
    });
  });
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

describe('the environment', () => {
  const variables = fc.dictionary(
    fc.constantFrom(
      ...['PAWL_URL', 'PAWL_TOKEN', 'PAWL_AWS_REGION', 'PAWL_DATA_DIR', 'CI', 'npm_command'],
      ...['PAWL_TABLE', 'PAWL_QUEUE_URL', 'PAWL_DRIVER_TIMEOUT_MS', 'PAWL_INDEX_SHARDS', 'PAWL_BUCKET', '__proto__'],
    ),
    fc.oneof(hostileText, fc.webUrl(), fc.nat().map(String)),
  );

  test('is read, or refused with the names of the variables', { timeout: fuzzTimeoutMs }, async () => {
    await fuzz(variables, 500, async (given) => {
      for (const read of [() => readEnvironment(given), async () => readAwsEnvironment(given)]) {
        try {
          await read();
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_input', problems: expect.arrayContaining([expect.anything()]) });
        }
      }
    });
  });
});

describe('a command line', () => {
  // Those that ask a Pawl; what starts servers or reads folders of its own is only asked for its usage.
  const asking = [
    'run',
    'start',
    'list',
    'show',
    'history',
    'watch',
    'signal',
    'pause',
    'resume',
    'cancel',
    'workflows',
    'redrive',
  ];
  const starting = ['dev', 'serve', 'invoke', 'doctor', 'cost', 'workflow', 'graph', 'help'];
  const options = [
    ...[
      '--json',
      '--input',
      '--key',
      '--url',
      '--data-dir',
      '--config',
      '--verbose',
      '--status',
      '--since',
      '--limit',
      '--workflow',
    ],
    ...[
      '--help',
      '--version',
      '-V',
      '-h',
      '--no-follow',
      '--new',
      '--by',
      '--reason',
      '--payload',
      '--timeout',
      '--port',
      '--',
      '-',
    ],
  ];
  const values = fc.oneof(
    fc.constantFrom('order', 'run1', 'completed', '24h', '{"a":1}', '[1', 'go', '5'),
    hostileText.filter((text) => !text.startsWith('-')),
    hostileJson.map((value) => JSON.stringify(value)),
  );
  const words = fc
    .tuple(
      fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...asking) }, { weight: 1, arbitrary: hostileText }),
      fc.array(fc.oneof(fc.constantFrom(...options), values), { maxLength: 6 }),
    )
    .map(([command, rest]) => [command, ...rest])
    .filter(([command]) => !starting.includes(command ?? ''));
  const usage = fc
    .tuple(
      fc.constantFrom(...starting),
      fc.array(fc.constantFrom('--help', '--nonsense', '-h', '--=', '--port=x'), { maxLength: 2 }),
    )
    .map(([command, rest]) => [command, ...rest, '--surely-unknown']);

  test('is done, or refused with a sentence and an exit code', { timeout: fuzzTimeoutMs }, async () => {
    const codes = new Set<number>();
    await fuzz(fc.oneof({ weight: 9, arbitrary: words }, { weight: 1, arbitrary: usage }), 500, async (typed) => {
      const { code, err } = await type(typed, { stdin: '{}', entries: Object.create(null) as Record<string, never> });
      codes.add(code);
      expect([0, 1, 2]).toContain(code);
      const said = err.join('\n');
      // What nobody foresaw is shown with an offer of its stack.
      expect(said, JSON.stringify(typed)).not.toMatch(/shows where it comes from|TypeError|undefined is not/);
      if (code === 2) expect(said).not.toBe('');
    });
    expect([...codes].sort()).toEqual([0, 2]);
  });
});
