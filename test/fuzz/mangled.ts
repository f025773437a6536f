import fc from 'fast-check';
import { hostileText } from './hostile.ts';

/** A text that was fine, with parts of it cut out, doubled, exchanged or replaced. */
export function mangled(text: string): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.tuple(fc.constantFrom('cut', 'double', 'swap', 'put'), place, place, hostileText);
  return fc.array(change, { maxLength: 4 }).map((changes) =>
    changes.reduce((before, [how, from, to, put]) => {
      const [start, end] = [from, to].map((at) => Math.floor(at * before.length)).sort((a, b) => a - b) as [
        number,
        number,
      ];
      const [head, middle, tail] = [before.slice(0, start), before.slice(start, end), before.slice(end)];
      if (how === 'cut') return head + tail;
      if (how === 'double') return head + middle + middle + tail;
      if (how === 'swap') return tail + middle + head;
      return head + put + before.slice(start);
    }, text),
  );
}
