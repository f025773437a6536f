import { describe, expect, test } from 'vitest';
import type { Expression, Json } from '../../lib/graph/definition.ts';
import { type Bindings, compileExpression } from '../../lib/graph/expressions/compile.ts';
import { graphLimits } from '../../lib/graph/limits.ts';

const moment = Date.UTC(2030, 0, 31, 8, 30);

function bindings(more: Partial<Bindings> = {}): Bindings {
  return {
    input: null,
    run: { id: 'run1', workflow: 'nightly', version: 3, createdAt: '2030-01-31T08:00:00.000Z' },
    task: () => undefined,
    now: () => moment,
    random: () => 0.25,
    ...more,
  };
}

function expression(source: string): Expression {
  return { source, place: { path: 'tasks[1].input', line: 4, column: 9 } };
}

async function evaluate(source: string, more: Partial<Bindings> = {}): Promise<Json | undefined> {
  return compileExpression(expression(source), 'check').evaluate(bindings(more));
}

const orders: Json = [
  { id: 'a', total: 10, lines: [{ sku: 'x', n: 2 }] },
  {
    id: 'b',
    total: 250,
    lines: [
      { sku: 'y', n: 1 },
      { sku: 'z', n: 5 },
    ],
  },
];

const good: [source: string, input: Json, result: Json | undefined][] = [
  ["{'day': $input.day}", { day: 'monday' }, { day: 'monday' }],
  ['$input.orders[total > 100].id', { orders }, 'b'],
  ['$input.orders.lines.sku', { orders }, ['x', 'y', 'z']],
  ['$sum($input.orders.total)', { orders }, 260],
  ['$input.orders{id: total}', { orders }, { a: 10, b: 250 }],
  ['$input.orders^(>total).id', { orders }, ['b', 'a']],
  ['$map($input.orders, function($item, $index) { $index & $item.id })', { orders }, ['0a', '1b']],
  [
    '$input.orders ~> |$|{"total": total * 2}, "lines"|',
    { orders },
    [
      { id: 'a', total: 20 },
      { id: 'b', total: 500 },
    ],
  ],
  ['$input.orders@$o.names[id = $o.id].{"n": name}', { orders, names: [{ id: 'b', name: 'Bo' }] }, { n: 'Bo' }],
  ['$input.orders.lines.(%.id & ":" & sku)', { orders }, ['a:x', 'b:y', 'b:z']],
  ['$input.missing', {}, undefined],
  ['$input.missing ?? 3', {}, 3],
  ['{"a": $input.missing, "b": 1}', {}, { b: 1 }],
  ['[1, $input.missing, 2]', {}, [1, 2]],
  ['$input.list[]', { list: 1 }, [1]],
  ['$input.list{"n": $count($)}', { list: [] }, { n: 0 }],
  ['$input', [1, [2, 3]], [1, [2, 3]]],
  ['[1..5]', null, [1, 2, 3, 4, 5]],
  ["$sort(['b', 'a', 'c'])", null, ['a', 'b', 'c']],
  ['$sort([3, 1, 2], function($a, $b) { $a < $b })', null, [3, 2, 1]],
  ['$distinct([1, "1", {"a": 1, "b": 2}, {"b": 2, "a": 1}, 1])', null, [1, '1', { a: 1, b: 2 }]],
  ['$spread({"a": 1, "b": 2})', null, [{ a: 1 }, { b: 2 }]],
  ['$max([1, 5, 3]) - $min([4, 2])', null, 3],
  ["$match('ab12', /([a-z]+)(\\d+)/).groups", null, ['ab', '12']],
  ["$replace('a-b-c', /-(.)/, '+$1')", null, 'a+b+c'],
  ["$split('a1b22c', /\\d+/)", null, ['a', 'b', 'c']],
  ["$contains('Hello', /hel+o/i)", null, true],
  ['($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))', null, 3628800],
  ['($double := $map(?, function($x) { $x * 2 }); $double([1, 2]))', null, [2, 4]],
  ['($first := $substring(?, 0, 1); $first("hello"))', null, 'h'],
  ['$exists($input.constructor)', {}, false],
  ['$type($input.__proto__)', {}, undefined],
  ['$lookup($input, "constructor")', {}, undefined],
  ['$keys($input)', JSON.parse('{"a": 1, "then": 2}'), ['a', 'then']],
  ["{'then': $input.x}", { x: 1 }, JSON.parse('{"then": 1}')],
  ['$formatNumber(1234.5, "#,##0.00")', null, '1,234.50'],
  ['$formatInteger(14, "I")', null, 'XIV'],
  ['$toMillis("2030-01-31T08:30:00.000Z")', null, moment],
  ['$toMillis("31/01/2030", "[D01]/[M01]/[Y0001]")', null, Date.UTC(2030, 0, 31)],
  ['$toMillis("20300131", "[Y0001][M01][D01]")', null, Date.UTC(2030, 0, 31)],
  ['$toMillis("10:15", "[H01]:[m01]")', null, Date.UTC(2030, 0, 31, 10, 15)],
];

describe('gives plain JSON', () => {
  test.each(good)('%s', async (source, input, result) => {
    const before = JSON.stringify(input);
    const given = await evaluate(source, { input });
    expect(given).toEqual(result);
    if (given !== undefined) expect(JSON.parse(JSON.stringify(given))).toStrictEqual(given);
    expect(JSON.stringify(input)).toBe(before);
  });

  test('lists of JSONata lose their marks', async () => {
    const list = (await evaluate('$input.a.b', { input: { a: [{ b: 1 }, { b: 2 }] } })) as object;
    expect(Reflect.ownKeys(list)).toEqual(['0', '1', 'length']);
    expect(Object.getPrototypeOf(await evaluate('{"a": 1}'))).toBe(Object.prototype);
  });

  test('what is bound is never changed, frozen or not', async () => {
    const input = Object.freeze({ list: Object.freeze([] as Json[]) as Json, one: Object.freeze([1]) as Json });
    expect(await evaluate('[$input.list{"n": 1}, $input.one[].$string()]', { input })).toEqual([{ n: 1 }, '1']);
  });
});

describe('over what the graph gives', () => {
  test('outputs, status and error of tasks that it names, and of no others', async () => {
    const asked: string[] = [];
    const task: Bindings['task'] = (id) => {
      asked.push(id);
      if (id === 'fetch') return { status: 'completed', output: { n: 1 } };
      return { status: 'failed', error: { name: 'Declined', message: 'no money' } };
    };
    const source = '[$tasks.fetch.output.n, $tasks.charge.error.name, $tasks.charge.status]';
    expect(await evaluate(source, { task })).toEqual([1, 'Declined', 'failed']);
    expect(asked.sort()).toEqual(['charge', 'fetch']);
    expect(compileExpression(expression(source)).tasks.sort()).toEqual(['charge', 'fetch']);
  });

  test('a task that gives nothing is nothing', async () => {
    expect(await evaluate('$tasks.fetch.output')).toBeUndefined();
    expect(await evaluate('$tasks.fetch.status = "completed"')).toBe(false);
  });

  test('the run, the item and its index, the result', async () => {
    const more = { item: { id: 7 }, index: 2, result: [1, 2] };
    expect(await evaluate('$run.workflow & $run.version & $item.id & $index & $count($result)', more)).toBe(
      'nightly3722',
    );
  });

  test('time and chance are those of the run', async () => {
    expect(await evaluate('$now()')).toBe('2030-01-31T08:30:00.000Z');
    expect(await evaluate("$now('[D01].[M01].[Y0001]')")).toBe('31.01.2030');
    expect(await evaluate('[$millis(), $random()]')).toEqual([moment, 0.25]);
    expect(await evaluate('$shuffle([1, 2, 3, 4])')).toEqual([4, 3, 1, 2]);
  });

  test('chance is asked for in the order of evaluation', async () => {
    const seen = [0.1, 0.2, 0.3];
    const random = () => seen.shift() ?? 0;
    expect(await evaluate('[$random(), {"a": $random()}, $random()]', { random })).toHaveLength(3);
    expect(seen).toEqual([]);
  });
});

test('an evaluation takes microtasks alone', async () => {
  const order: string[] = [];
  const macrotask = new Promise<void>((resolve) =>
    setImmediate(() => {
      order.push('macrotask');
      resolve();
    }),
  );
  const evaluation = evaluate('$count($map([1..2000], function($n) { $string($n) & "x" }))').then(() =>
    order.push('evaluated'),
  );
  await Promise.all([macrotask, evaluation]);
  expect(order).toEqual(['evaluated', 'macrotask']);
});

test('evaluations do not disturb each other', async () => {
  const compiled = compileExpression(expression('$sum($map([1..50], function($n) { $n * $input }))'));
  const all = await Promise.all([1, 2, 3].map((input) => compiled.evaluate(bindings({ input }))));
  expect(all).toEqual([1275, 2550, 3825]);
});

describe('a message names expression, place and task', () => {
  test('that cannot be evaluated', async () => {
    await expect(evaluate('$input.a + 1', { input: { a: 'x' } })).rejects.toThrow(
      'tasks[1].input of task check (line 4, column 9): {% $input.a + 1 %}, character 11: ' +
        'The left side of the "+" operator must evaluate to a number',
    );
  });

  test('that says why itself', async () => {
    await expect(evaluate("$error('no order')")).rejects.toMatchObject({ name: 'ExpressionError', task: 'check' });
    await expect(evaluate("$assert(false, 'no order')")).rejects.toThrow(': no order');
  });

  test('that does not parse', () => {
    expect(() => compileExpression(expression('$input.('))).toThrow(
      '{% $input.( %}, character 9: it does not parse: Expected ")" before end of expression',
    );
  });
});

const hostile: [what: string, source: string, message: RegExp | string, input?: Json][] = [
  ['endless recursion', '($f := function($n) { 1 + $f($n + 1) }; $f(1))', /limit evaluation(Depth|Steps)/],
  ['endless tail recursion', '($f := function($n) { $f($n + 1) }; $f(1))', 'limit evaluationSteps'],
  ['a long range', '[1..10000000]', 'maximum sequence length'],
  ['ranges in ranges', '$map([1..50000], function($n) { [1..50000] })', /limit evaluation|maximum sequence/],
  ['a long padding', "$pad('x', 1000000000)", 'limit evaluationChars'],
  ['a long padding to the left', "$pad('x', -1000000000)", 'limit evaluationChars'],
  [
    'texts that double',
    '($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f("ab", 60))',
    'limit evaluationChars',
  ],
  [
    'lists that double',
    '($f := function($s, $n) { $n = 0 ? $s : $f([[$s], [$s]], $n - 1) }; $f(1, 60))',
    'limit evaluationValues',
  ],
  [
    'objects that double',
    '($f := function($s, $n) { $n = 0 ? $s : $f({"a": $s, "b": $s}, $n - 1) }; $string($f(1, 60)))',
    'limit evaluationValues',
  ],
  [
    'lists that are appended to themselves',
    '($f := function($s, $n) { $n = 0 ? $s : $f($append($s, $s), $n - 1) }; $f([1], 60))',
    'maximum sequence length',
  ],
  [
    'a join of long texts',
    '($s := $pad("x", 100000); $join($map([1..1000], function($n) { $s })))',
    'limit evaluation',
  ],
  ['a replacement that grows', '($s := $pad("x", 5000, "x"); $replace($s, "x", $s))', 'limit evaluationChars'],
  ['a replacement by pattern that grows', '($s := $pad("x", 20000, "x"); $replace($s, /x/, $s))', /limit evaluation/],
  ['appending one by one', '$reduce([1..50000], $append)', 'limit evaluationSteps'],
  [
    'a long value through many functions',
    '($s := $pad("x", 1000000); $map([1..50000], function($n) { $length($s) }))',
    'limit evaluationSteps',
  ],
  ['a comparator that never ends', '$sort([1..50000], function($a, $b) { $a > $b })', 'limit evaluationSteps'],
  [
    'transforms that grow',
    '($f := function($s, $n) { $n = 0 ? $s : $f($s ~> |$|{"a": $s, "b": $s}|, $n - 1) }; $f({}, 60))',
    /limit evaluation/,
  ],
  ['a date that is too wide', "$fromMillis(0, '[Y,*-1000000000]')", 'too many digits'],
  [
    'a date that is ambiguous',
    `$toMillis('${'1'.repeat(60)}x', '[f][f][f][f][f][f][f]')`,
    '$toMillis reads up to 32 characters',
  ],
  ['a date of many parts', "$toMillis('1', '[f]-[f]-[f]-[f]-[f]-[f]-[f]-[f]-[f]')", 'up to 8 parts'],
  ['a picture that is long', `$formatNumber(1, '${'#'.repeat(101)}')`, 'limit pictureChars'],
  [
    'digits that are none',
    "$formatNumber(1, '0', {'zero-digit': '', 'decimal-separator': ''})",
    'texts of 1 to 8 characters',
  ],
  ['roman numbers', "$formatInteger(1e15, 'I')", 'roman numbers up to 100000'],
  ['a time that there is not', '$fromMillis(1e300)', 'no such time'],
  ['a function as result', '$uppercase', 'it gives a function'],
  ['a function in the result', '[function($x) { $x }]', 'it gives a function'],
  [
    'a function that looks like a promise',
    '($g := function($f) { {"then": $f} }; $g($uppercase))',
    'it gives a function',
  ],
  ['a pattern that looks like a promise', '{"then": /a/}', 'a function cannot be in a field'],
  ['a match that looks like a promise', "($m := /a/; {'then': $m('a').next})", 'a function cannot be in a field'],
  [
    'data that claims to be a function',
    '$string($input.f)',
    'JSONata keeps for itself',
    { f: { _jsonata_function: true } },
  ],
  [
    'data that claims to be a lambda',
    '$input.f()',
    'JSONata keeps for itself',
    { f: { _jsonata_lambda: true, body: {} } },
  ],
  ['numbers that JSON has not', '{"a": 1 / 0}', 'JSON cannot hold'],
  ['a field __proto__', "{'__proto__': {'a': 1}}", 'it gives a field "__proto__"'],
  ['deep values', '($f := function($s, $n) { $n = 0 ? $s : $f([[$s]], $n - 1) }; $f(1, 1000))', 'nests deeper'],
];

describe('is cut off', () => {
  test.each(hostile)('%s', async (_what, source, message, input = null) => {
    await expect(evaluate(source, { input })).rejects.toThrow(message);
  });

  test('at the same place each time', async () => {
    let steps: number[] = [];
    const count = async () => {
      let asked = 0;
      const random = () => {
        asked += 1;
        return 0.5;
      };
      await evaluate('($f := function($n) { $f($random()) }; $f(1))', { random }).catch(() => undefined);
      steps = [...steps, asked];
    };
    await count();
    await count();
    expect(steps[0]).toBeGreaterThan(1_000);
    expect(steps[0]).toBe(steps[1]);
  });

  test('a pattern that takes exponential time elsewhere takes linear time', async () => {
    const input = `${'a'.repeat(50_000)}!`;
    expect(await evaluate('$contains($input, /^(a+)+$/)', { input })).toBe(false);
    await expect(
      evaluate('$contains($input, /a/)', { input: 'a'.repeat(graphLimits.regexTextChars + 1) }),
    ).rejects.toThrow('limit regexTextChars');
  });
});

const refused: [source: string, message: string, what?: string][] = [
  ["$eval('1 + 1')", 'there is no $eval'],
  ['$nope(1)', 'there is no $nope'],
  ['$Promise', 'there is no $Promise'],
  ['function($x)<s+s+:s>{ $x }', 'functions cannot have signatures'],
  ['$tasks', '$tasks stands alone'],
  ['$lookup($tasks, "a")', '$tasks stands alone'],
  ['$keys($tasks.*)', '$tasks stands alone'],
  ['($tasks := 1; 2)', '$tasks cannot be bound anew'],
  ['function($input) { 1 }', '$input cannot be bound anew'],
  ['input.day', '"input" is a field of nothing: paths begin with a variable'],
  ['$$.day', '$$ is nothing here'],
  ['$', '$ is nothing here'],
  ['/(?=a)b/', 'the regular expression cannot be used: lookaround is not supported'],
  ['/(a)\\1/', 'the regular expression cannot be used: back references are not supported'],
  ['$input.a ~> /(/', 'it does not parse'],
  ['('.repeat(200) + ')'.repeat(200), 'limit expressionDepth', 'brackets in brackets'],
  [`${'-'.repeat(2000)}1`, 'limit expressionOperators', 'minus after minus'],
  [`${'('.repeat(40)}1${' ?? 1)'.repeat(40)}`, 'limit expressionDefaults', 'defaults of defaults'],
  [`"${'x'.repeat(20_000)}"`, 'limit expressionChars', 'a long text'],
];

describe('is refused before it is evaluated', () => {
  const cases = refused.map(([source, message, what = source]) => [what, source, message] as const);
  test.each(cases)('%s', (_what, source, message) => {
    expect(() => compileExpression(expression(source))).toThrow(message);
  });
});
