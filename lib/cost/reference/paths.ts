/** What a run may go through, with what each part of it costs and why. Tests bring each about and count. */

/** How often, and how many write units, read units or requests that are in all. */
type Count = [times: number, units: number];

export interface Path {
  path: string;
  /** What the units are for. */
  why: string;
  writes?: Record<string, Count>;
  reads?: Record<string, Count>;
  /** Requests to the queue, in all. */
  queue: number;
  /** Requests to the bucket. */
  blobs?: Record<string, Count>;
  invocations: Partial<Record<'api' | 'driver', number>>;
}

export const paths: readonly Path[] = [
  {
    path: 'ten short steps',
    why: 'Created with two index entries; ten events, the last with the end of the run; a completed head leaves the index of open runs (delete).',
    writes: { create: [1, 3], append: [10, 10], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'no step at all',
    why: 'What every run pays.',
    writes: { create: [1, 3], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a run that fails',
    why: 'As the one before, and an entry in the index by status, where failed and cancelled runs are found.',
    writes: { create: [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: '100 steps in parallel',
    why: 'They end together, and one item holds all their results, compressed: it is paid by size.',
    writes: { create: [1, 3], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step with a result of 2 KB',
    why: 'Seven objects of one kind: what takes more than 1 KB is compressed where that saves a unit.',
    writes: { create: [1, 3], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step with 2 KB of random characters as result',
    why: 'The worst case of text: a quarter shorter.',
    writes: { create: [1, 3], append: [1, 2], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step with a result of 200 KB',
    why: 'What is longer than 64 KB goes to the bucket; the event keeps a reference.',
    writes: { create: [1, 3], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    blobs: { 'payload written': [1, 1] },
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'an input of 2 KB',
    why: 'What does not fit the head when it is compressed has an item of its own, so that updates of the head do not pay for it again.',
    writes: { create: [1, 3], 'long input': [1, 1], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a correlation id',
    why: 'One more index entry, which never changes.',
    writes: { create: [1, 4], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step that fails once',
    why: 'The failed attempt is an event of its own; its error has a stack, which compressed fits 1 KB.',
    writes: { create: [1, 3], append: [2, 2], settle: [1, 2] },
    reads: { 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step that is tried again after ten minutes',
    why: 'The failed attempt with the suspend, a claim before the next attempt, its outcome. The head moves to when that is due.',
    writes: { create: [1, 3], append: [3, 3], 'move of the wake time': [1, 3], settle: [1, 2] },
    reads: { 'read of the run': [3, 3] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'a sleep of ten minutes',
    why: 'Suspending is an event and a move in the index (delete, put). A message with a delay ends it.',
    writes: { create: [1, 3], append: [2, 2], 'move of the wake time': [1, 3], settle: [1, 2] },
    reads: { 'read of the run': [3, 3] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'a sleep of an hour',
    why: 'Longer than a message can wait: the sweeper moves the head once more, and wakes.',
    writes: { create: [1, 3], append: [2, 2], 'move of the wake time': [2, 6], settle: [1, 2] },
    reads: { 'read of the run': [3, 3], 'read of the head': [1, 1] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'a sleep of a month',
    why: 'As an hour: what lies there costs its storage alone.',
    writes: { create: [1, 3], append: [2, 2], 'move of the wake time': [2, 6], settle: [1, 2] },
    reads: { 'read of the run': [3, 3], 'read of the head': [1, 1] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'a sleep of an hour, and a step after it',
    why: 'Whoever is woken by the sweeper cannot know whether a driver died, and marks the first step as started.',
    writes: { create: [1, 3], append: [4, 4], 'move of the wake time': [2, 6], settle: [1, 2] },
    reads: { 'read of the run': [3, 3], 'read of the head': [1, 1] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'waiting for six days',
    why: 'Nothing at all: an item that lies there, in an index that the sweeper asks for others.',
    queue: 0,
    invocations: {},
  },
  {
    path: 'suspending, to wait for a signal',
    why: 'With the start: the suspend is an event, and the head moves to when somebody has to look at the latest.',
    writes: { create: [1, 3], append: [1, 1], 'move of the wake time': [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a signal, with which the run ends',
    why: 'It is stored first, as mail. The waiting run becomes due before it goes on, so that it is found if this driver dies.',
    writes: { mail: [1, 1], 'move of the wake time': [1, 3], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the head': [1, 1], 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a signal, after which the run waits on',
    why: 'The same, and a move back in place of the end.',
    writes: { mail: [1, 1], 'move of the wake time': [2, 6], append: [1, 1] },
    reads: { 'read of the head': [1, 1], 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a child',
    why: 'A run of its own. Its end is mail for the parent, as a signal is; who brings it looks at the parent’s end first.',
    writes: {
      create: [2, 6],
      append: [3, 3],
      settle: [2, 4],
      'move of the wake time': [2, 6],
      mail: [1, 1],
    },
    reads: { 'read of the run': [5, 5] },
    queue: 9,
    invocations: { api: 1, driver: 3 },
  },
  {
    path: 'a step of a minute',
    why: 'It is shown as started after a second, says each half lease that it is alive, and looks for news every 5 s.',
    writes: { create: [1, 3], append: [6, 6], 'move of the wake time': [4, 12], settle: [1, 2] },
    reads: { 'read of the run': [13, 13] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a start message that is lost',
    why: 'After 30 s the sweeper finds the run overdue, moves it on and wakes it.',
    writes: { create: [1, 3], 'move of the wake time': [1, 3], append: [1, 1], settle: [1, 2] },
    reads: { 'read of the head': [1, 1], 'read of the run': [1, 1] },
    queue: 4,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a message that arrives twice, at two drivers at once',
    why: 'Both do the step. One of them loses the position: a failed condition is paid like a write, and the winner is read.',
    writes: { create: [1, 3], append: [1, 1], 'lost condition': [1, 1], settle: [1, 2] },
    reads: { 'read of the run': [2, 2], 'read of an event': [1, 1] },
    queue: 5,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'the same start once more, with its key',
    why: 'The condition of the create fails, and the run that stands is read and shown.',
    writes: { 'lost condition': [1, 1] },
    reads: { 'read of the head': [1, 1], 'read of the run': [1, 1] },
    queue: 0,
    invocations: { api: 1 },
  },
  {
    path: 'a look at a run',
    why: 'One query reads head and journal: a unit for each 4 KB begun.',
    reads: { 'read of the run': [1, 1] },
    queue: 0,
    invocations: { api: 1 },
  },
];
