/** One order out of many: each source is sorted already, and comes page by page. */
export async function* merge<T>(
  sources: AsyncIterable<T[]>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T, void, undefined> {
  const runs = await Promise.all(sources.map(begin));
  for (;;) {
    let first: Run<T> | undefined;
    for (const run of runs) {
      if (run.next === undefined) continue;
      if (first?.next === undefined || compare(run.next, first.next) < 0) first = run;
    }
    if (first?.next === undefined) return;
    yield first.next;
    await advance(first);
  }
}

interface Run<T> {
  pages: AsyncIterator<T[]>;
  page: T[];
  index: number;
  /** `undefined`: there is no more. */
  next: T | undefined;
}

async function begin<T>(source: AsyncIterable<T[]>): Promise<Run<T>> {
  const run: Run<T> = { pages: source[Symbol.asyncIterator](), page: [], index: -1, next: undefined };
  await advance(run);
  return run;
}

async function advance<T>(run: Run<T>): Promise<void> {
  run.index += 1;
  // A page may be empty although there are others behind it.
  while (run.index >= run.page.length) {
    const { done, value } = await run.pages.next();
    if (done) {
      run.next = undefined;
      return;
    }
    run.page = value;
    run.index = 0;
  }
  run.next = run.page[run.index];
}
