/** Expressions of graphs: whatever their authors write, and whatever they are given. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expression, Json } from '../../lib/graph/definition.ts';
import { compileExpression } from '../../lib/graph/expressions/compile.ts';
import { ExpressionError } from '../../lib/graph/expressions/expression-error.ts';
import { functionNames } from '../../lib/graph/expressions/functions.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { hostileJson, hostileText } from './hostile.ts';
import { mangled } from './mangled.ts';

const regexes = fc.constantFrom(
  ...['/a/', '/(a+)+$/', '/^(a|a?)+$/i', '/(x+x+)+y/', '/(.*)*b/', '/a{1,1000}{1,1000}/', '/(?:)/', '/$/m', '/[^]/'],
  ...['/(a)(b)?\\1/', '/(?=a)/', '/(?<!a)b/', '/\\p{L}+/', '/\\ud800/', '/[\\s\\S]*?[\\s\\S]*?c/'],
);
const numbers = fc.constantFrom('0', '-1', '1e308', '1e-308', '9007199254740993', '0.1', '1000', '3');
const texts = fc.oneof(
  fc.constantFrom('"a"', '"__proto__"', '"constructor"', "'then'", '"\\ud800"', '"\\u0000"', '$pad("a", 9999, "a")'),
  hostileText.map((text) => JSON.stringify(text)),
);
const givens = fc.constantFrom('$input', '$run.id', '$tasks.a.output', '$item', '$index', '$result', '$', '$$');
const names = fc.constantFrom(
  'a',
  'b',
  '__proto__',
  'constructor',
  'toString',
  'length',
  '`then`',
  '*',
  '**',
  '%',
  '^',
);

const { expression } = fc.letrec<{ expression: string; list: string }>((tie) => {
  const each = tie('expression');
  const two = fc.tuple(each, each);
  return {
    list: fc.array(each, { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    expression: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      fc.oneof(numbers, texts, givens, regexes),
      fc
        .tuple(fc.constantFrom(...functionNames), fc.array(each, { maxLength: 3 }))
        .map(([name, args]) => `$${name}(${args.join(', ')})`),
      fc
        .tuple(fc.constantFrom('+', '-', '*', '/', '%', '&', '=', '!=', '<', 'in', 'and', 'or', '??', '~>', ':='), two)
        .map(([how, [a, b]]) => `(${a} ${how} ${b})`),
      fc.tuple(each, names).map(([of, name]) => `(${of}).${name}`),
      two.map(([of, by]) => `(${of})[${by}]`),
      two.map(([from, to]) => `[${from}..${to}]`),
      two.map(([of, by]) => `(${of})^(>${by})`),
      two.map(([of, by]) => `(${of}){${by}: $}`),
      two.map(([name, value]) => `{${name}: ${value}}`),
      two.map(([of, by]) => `(${of}) ~> |$|{"a": ${by}}, "b"|`),
      two.map(([body, arg]) => `($f := function($x) { $f(${body}) }; $f(${arg}))`),
      two.map(([body, list]) => `$map(${list}, function($v, $i, $a) { ${body} })`),
      two.map(([body, list]) => `$reduce(${list}, function($x, $y) { $x & $y & ${body} })`),
      fc.tuple(each, two).map(([when, [a, b]]) => `(${when} ? ${a} : ${b})`),
      fc.tuple(each, each, each).map(([a, b, c]) => `(${a}; ${b}; ${c})`),
      tie('list'),
    ),
  };
});

const large: Json = {
  a: Array.from({ length: 3_000 }, (_, n) => ({ a: n, b: 'a'.repeat(20) })),
  b: 'a'.repeat(90_000),
};
const inputs = fc.oneof(
  { weight: 12, arbitrary: hostileJson as fc.Arbitrary<Json> },
  { weight: 1, arbitrary: fc.constantFrom(large, 'a'.repeat(50_000)) },
);

async function outcomeOf(source: string, input: Json): Promise<unknown> {
  const written: Expression = { source, place: { path: 'tasks[0].output', line: 1, column: 1 } };
  try {
    const value = await compileExpression(written).evaluate({
      input,
      run: { id: 'run1', workflow: 'w', version: 1, createdAt: '2030-01-31T08:00:00.000Z' },
      task: () => ({ status: 'completed', output: input }),
      item: input,
      index: 1,
      result: input,
      now: () => 1_900_000_000_000,
      random: () => 0.25,
    });
    return { value: value === undefined ? 'nothing' : JSON.stringify(value) };
  } catch (error) {
    expect(error, `${source}: ${error instanceof Error ? error.stack : error}`).toBeInstanceOf(ExpressionError);
    return { refused: (error as Error).message };
  }
}

describe('an expression', () => {
  test('gives plain JSON or says why it cannot, within its limits, and twice the same', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    let given = 0;
    await fuzz(fc.tuple(expression, inputs), 60, async ([source, input]) => {
      const once = await outcomeOf(source, input);
      expect(await outcomeOf(source, input)).toEqual(once);
      if (typeof once === 'object' && once !== null && 'value' in once) given += 1;
    });
    expect(given, 'expressions that gave something').toBeGreaterThan(0);
  });

  test('that is no expression any more is refused, or is one', { timeout: fuzzTimeoutMs }, async () => {
    const broken = fc.oneof(expression.chain(mangled), hostileText);
    await fuzz(fc.tuple(broken, inputs), 400, async ([source, input]) => void (await outcomeOf(source, input)));
  });
});
