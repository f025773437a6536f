import { expect, test } from 'vitest';
import { createSharedLooks } from '../../lib/kernel/shared-looks.ts';
import { hold } from './harness.ts';

function aLook() {
  const looks: ReturnType<typeof hold<void>>[] = [];
  const look = () => {
    const one = hold<void>();
    looks.push(one);
    return one.promise;
  };
  return { looks, look };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

test('a look is never shared with who asks after it has begun; all of these share the next', async () => {
  const shared = createSharedLooks();
  const { looks, look } = aLook();
  const ended: string[] = [];
  const ask = (who: string) => shared.at('run', look).then(() => ended.push(who));
  void ask('a');
  void ask('b');
  void ask('c');
  await turns();
  expect(looks).toHaveLength(1);
  looks[0]?.release();
  await turns();
  expect([looks.length, ended]).toEqual([2, ['a']]);
  void ask('d');
  looks[1]?.release();
  await turns();
  expect([looks.length, ended]).toEqual([3, ['a', 'b', 'c']]);
  looks[2]?.release();
  await turns();
  expect(ended).toEqual(['a', 'b', 'c', 'd']);
  void ask('e');
  expect(looks).toHaveLength(4);
});

test('a look that fails fails for all who share it, and for nobody else', async () => {
  const shared = createSharedLooks();
  const { looks, look } = aLook();
  const asked = ['a', 'b', 'c'].map(() => shared.at('run', look));
  const answers = Promise.allSettled(asked);
  looks[0]?.release();
  await turns();
  looks[1]?.fail(new Error('unavailable'));
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  void shared.at('run', look);
  expect(looks).toHaveLength(3);
});

test('looks at different runs do not wait for each other', () => {
  const shared = createSharedLooks();
  const { looks, look } = aLook();
  void shared.at('run', look);
  void shared.at('other', look);
  expect(looks).toHaveLength(2);
});
