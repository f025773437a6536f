import type { Changes } from '../../ports/changes.ts';
import { createSubscribers } from '../subscribers.ts';

/** For a process that is alone: nobody else's hints have to be heard. */
export const createMemoryChanges: () => Changes = createSubscribers;
