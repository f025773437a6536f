import { describe, expect, test } from 'vitest';
import { registryLimits } from '../../../lib/service/registry/limits.ts';
import {
  rolledBack,
  toActive,
  type WorkflowState,
  withActive,
  withoutActive,
  withVersion,
} from '../../../lib/service/registry/state.ts';

const all = (version: number) => [{ version, weight: 100 }];
const actor = { at: 7, by: 'Ada' };

function versions(count: number): WorkflowState {
  let state: WorkflowState | undefined;
  for (let version = 1; version <= count; version += 1)
    state = withVersion(state, { version, at: 1 }, { activate: false });
  return state as WorkflowState;
}

describe('registering', () => {
  test('the first version makes it active', () => {
    expect(withVersion(undefined, { version: 1, at: 5, by: 'Ada' }, { activate: false })).toEqual({
      format: 1,
      latest: { version: 1, at: 5, by: 'Ada' },
      active: all(1),
      before: [],
      change: { type: 'registered', version: 1, at: 5, by: 'Ada', active: all(1) },
    });
  });

  test('a later one leaves active what is, unless all new runs are to get it', () => {
    expect(versions(3)).toMatchObject({ latest: { version: 3 }, active: all(1), before: [] });
    expect(withVersion(versions(3), { version: 4, at: 5 }, { activate: true })).toMatchObject({
      latest: { version: 4 },
      active: all(4),
      before: [all(1)],
      change: { type: 'registered', version: 4, active: all(4) },
    });
  });
});

describe('rolling back', () => {
  test('goes back step by step, and says so when there is nothing left', () => {
    const two = withActive(versions(3), all(2), actor) as WorkflowState;
    const three = withActive(two, all(3), actor) as WorkflowState;
    const once = rolledBack(three, 'w', actor) as WorkflowState;
    expect(once).toMatchObject({ active: all(2), change: { type: 'rolled_back', ...actor, active: all(2) } });
    const twice = rolledBack(once, 'w', actor) as WorkflowState;
    expect(twice.active).toEqual(all(1));
    expect(() => rolledBack(twice, 'w', actor)).toThrow('Nothing was active of w before what is now');
  });

  test('undoes a deactivation, and never leads to one', () => {
    const off = withoutActive(versions(2), actor) as WorkflowState;
    expect(off).toMatchObject({ active: [], change: { type: 'deactivated' } });
    expect(withoutActive(off, actor)).toBeUndefined();
    expect(rolledBack(off, 'w', actor)?.active).toEqual(all(1));
    const on = withActive(off, all(2), actor) as WorkflowState;
    expect(rolledBack(on, 'w', actor)?.active).toEqual(all(1));
  });

  test('with the key of the last rollback changes nothing more', () => {
    const three = withActive(withActive(versions(3), all(2), actor) as WorkflowState, all(3), actor) as WorkflowState;
    const once = rolledBack(three, 'w', { ...actor, key: 'k' }) as WorkflowState;
    expect(rolledBack(once, 'w', { ...actor, key: 'k' })).toBeUndefined();
    expect(rolledBack(once, 'w', { ...actor, key: 'other' })?.active).toEqual(all(1));
  });

  test('goes back so far as the limit says, and no further', () => {
    let state = versions(2);
    for (let change = 0; change < 3 * registryLimits.rollbacks; change += 1) {
      state = withActive(state, all(change % 2 === 0 ? 2 : 1), actor) as WorkflowState;
    }
    expect(state.before).toHaveLength(registryLimits.rollbacks);
  });
});

test('activating what is active changes nothing', () => {
  expect(withActive(versions(2), all(1), actor)).toBeUndefined();
});

describe('the versions that are to be active', () => {
  test('are put in their order; a single one needs no weight', () => {
    expect(toActive([{ version: 4 }])).toEqual(all(4));
    expect(
      toActive([
        { version: 4, weight: 10 },
        { version: 3, weight: 90 },
      ]),
    ).toEqual([
      { version: 3, weight: 90 },
      { version: 4, weight: 10 },
    ]);
  });

  test.each([
    ['none', [], 'versions', 'expected at least one version'],
    [
      'weights that are too much',
      [
        { version: 1, weight: 60 },
        { version: 2, weight: 60 },
      ],
      'versions',
      'the weights sum up to 120, not to 100',
    ],
    ['a single one with too little', [{ version: 1, weight: 60 }], 'versions', 'the weights sum up to 60, not to 100'],
    [
      'a weight that is missing',
      [{ version: 1, weight: 60 }, { version: 2 }],
      'versions[1].weight',
      'expected a whole number from 1 to 100, of 100 new runs',
    ],
    [
      'a weight of nothing',
      [
        { version: 1, weight: 100 },
        { version: 2, weight: 0 },
      ],
      'versions[1].weight',
      'expected a whole number from 1 to 100, of 100 new runs',
    ],
    [
      'half a run',
      [
        { version: 1, weight: 99.5 },
        { version: 2, weight: 0.5 },
      ],
      'versions[0].weight',
      'expected a whole number from 1 to 100, of 100 new runs',
    ],
    [
      'one twice',
      [
        { version: 1, weight: 50 },
        { version: 1, weight: 50 },
      ],
      'versions[1].version',
      'version 1 is there twice',
    ],
    ['a version that is none', [{ version: 1.5 }], 'versions[0].version', 'is no version'],
    [
      'too many',
      Array.from({ length: 11 }, (_, index) => ({ version: index + 1, weight: 9 })),
      'versions',
      '11 versions are more than 10 (limit activeVersions)',
    ],
  ])('are refused where there is %s', (_what, given, path, message) => {
    let problems: unknown;
    try {
      toActive(given);
    } catch (error) {
      problems = (error as { problems: unknown }).problems;
    }
    expect(problems).toContainEqual({ path, message });
  });
});
