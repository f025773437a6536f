import { describe, expect, expectTypeOf, test } from 'vitest';
import { collectHandlers, type Handlers, type HandlerTask, handlers, isHandlers } from '../../lib/graph/handlers.ts';

const reserve = async (input: { sku: string }, task: HandlerTask) => `${task.key} ${input.sku}`;
const release = () => undefined;

describe('handlers', () => {
  test('are told apart from other exports, also those of another copy of Pawl', () => {
    expect(isHandlers(handlers({ reserve }))).toBe(true);
    expect(isHandlers(JSON.parse('{"~pawl":"handlers","functions":{}}'))).toBe(true);
    for (const other of [undefined, null, reserve, { functions: {} }, { '~pawl': 'handlers' }, 'handlers', []]) {
      expect(isHandlers(other)).toBe(false);
    }
  });

  test('of several exports are merged', () => {
    const module = { one: handlers({ reserve }), many: [handlers({ release }), 7], other: 'x' };
    expect([...collectHandlers(module)]).toEqual([
      ['reserve', reserve],
      ['release', release],
    ]);
  });

  test('that are exported twice count once', () => {
    const both = handlers({ reserve });
    expect(collectHandlers({ both, again: both, more: handlers({ reserve }) }).size).toBe(1);
  });

  test('of one name are refused', () => {
    const module = { one: handlers({ reserve }), two: handlers({ reserve: release }) };
    expect(() => collectHandlers(module)).toThrow('There are two handlers named reserve');
  });

  test('are functions with a name', () => {
    expect(() => handlers({ reserve: 'x' as never })).toThrow('The handler reserve is not a function');
    expect(() => handlers({ '': release })).toThrow('cannot name a handler');
    expect(() => handlers({ ['x'.repeat(129)]: release })).toThrow('cannot name a handler');
  });

  test('may say what their input is, or leave it unknown', () => {
    const made = handlers({
      reserve,
      async plain(input, task) {
        expectTypeOf(input).toBeUnknown();
        expectTypeOf(task).toEqualTypeOf<HandlerTask>();
      },
    });
    expectTypeOf(made).toEqualTypeOf<Handlers<'reserve' | 'plain'>>();
  });

  test('keep their functions when the object they were made of changes', () => {
    const functions = { reserve };
    const made = handlers(functions);
    delete (functions as Partial<typeof functions>).reserve;
    expect(collectHandlers({ made }).get('reserve')).toBe(reserve);
  });
});
