import type * as z from 'zod';
import { SqsError, sqsErrors } from './errors.ts';
import { parse } from './parameters.ts';

const mostEntries = 10;

interface Failed {
  Id: string;
  Code: string;
  Message: string;
  SenderFault: boolean;
}

/**
 * Throws what concerns the batch as a whole: how many entries it has, and what they are called. Whatever else is wrong
 * with an entry is told in the answer, and the others are carried out.
 */
export function batchOf<Entry extends { Id: string }>(
  given: readonly { Id: string }[],
  schema: z.ZodType<Entry>,
  { beforeAny = () => {}, each }: { beforeAny?: (entries: readonly Entry[]) => void; each(entry: Entry): object },
): { Successful: object[]; Failed: Failed[] } {
  assertEntries(given.map(({ Id }) => Id));
  const Successful: object[] = [];
  const Failed: Failed[] = [];
  const attempt = <T>(Id: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      const { code: Code, message: Message } = error;
      Failed.push({ Id, Code, Message, SenderFault: sqsErrors[Code].status < 500 });
      return undefined;
    }
  };
  const entries = given.flatMap((entry) => attempt(entry.Id, () => parse(schema, entry)) ?? []);
  beforeAny(entries);
  for (const entry of entries) {
    const answer = attempt(entry.Id, () => ({ Id: entry.Id, ...each(entry) }));
    if (answer) Successful.push(answer);
  }
  return { Successful, Failed };
}

function assertEntries(ids: readonly string[]): void {
  if (ids.length === 0) {
    throw new SqsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (ids.length > mostEntries) {
    throw new SqsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${mostEntries}. You have sent ${ids.length}.`,
    );
  }
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw new SqsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) throw new SqsError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
}
