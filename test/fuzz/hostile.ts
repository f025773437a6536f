/** Texts and values that people send who mean no good, or whose programs are broken. */
import fc from 'fast-check';

const texts = [
  '',
  ' ',
  '.',
  '..',
  '../../x',
  '../../../etc/passwd',
  '..\\..\\x',
  '..%2f..%2fx',
  '%2e%2e%2f',
  '/',
  '//',
  '/etc/passwd',
  'C:\\x',
  '~',
  '#',
  '?',
  '?a=b#c',
  '%',
  '%00',
  '%zz',
  '\u0000',
  'a\u0000b',
  '\r\nX-Injected: 1',
  '\ud800',
  'a\udfff',
  '\u202e',
  '\ufeff',
  '\uffff',
  '\u{1f4a9}',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'toJSON',
  'then',
  'null',
  'undefined',
  'NaN',
  'Infinity',
  '-0',
  '-1',
  '1e999',
  '9007199254740993',
  '0x10',
  'true',
  '{}',
  '[]',
  '"',
  "'",
  "' OR 1=1 --",
  '$(reboot)',
  '`reboot`',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one where somebody would evaluate it.
  '${process.exit()}',
  '<script>alert(1)</script>',
  '--help',
  '-',
  '--',
  '%"',
  '%"a%zzb"',
  '"a',
  '"\\x"',
  'a.b.~zz',
  'W10',
  'eyJhIjoxfQ',
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  'x'.repeat(129),
  'x'.repeat(5_000),
  '\u6f22'.repeat(300),
];

export const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...texts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
);

/** As `JSON.parse` makes it: the key is an own one. */
const polluting = fc.constantFrom(
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":{"__proto__":{"toString":1}}}',
  '{"__proto__":null}',
  '[{"__proto__":[]}]',
  '{"toJSON":1,"then":1,"valueOf":{}}',
);

/** Any value that JSON holds, with what is known to do harm in it. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 2, arbitrary: hostileText },
  { weight: 2, arbitrary: polluting.map((text) => JSON.parse(text) as unknown) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 1.5, 2 ** 53, -(2 ** 63), 1e308, true, null, [], {}, [[]], [{}]) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }).map((depth) => nested(depth)) },
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** The same object with something wrong in it: a field missing, another in its place, one too many. */
export function damaged<T extends object>(
  good: fc.Arbitrary<T>,
  bad: fc.Arbitrary<unknown> = hostileJson,
): fc.Arbitrary<unknown> {
  return fc
    .tuple(good, fc.nat(), bad, fc.constantFrom('drop', 'replace', 'add', 'whole'), hostileText)
    .map(([object, index, value, how, name]) => {
      if (how === 'whole') return value;
      const entries = Object.entries(object);
      if (how === 'add') return withOwn([...entries, [name, value]]);
      const at = entries.length === 0 ? 0 : index % entries.length;
      return withOwn(
        entries.flatMap((entry, each): [string, unknown][] => {
          if (each !== at) return [entry];
          return how === 'drop' ? [] : [[entry[0], value]];
        }),
      );
    });
}

/** `__proto__` becomes a field like any other, as in parsed JSON. */
function withOwn(entries: [string, unknown][]): object {
  return Object.fromEntries(entries);
}
