/** What was used of AWS, one entry for each request or invocation that it bills. */
import type { FunctionName } from '../dev/local-aws.ts';

/** Who asked: a function; what AWS runs between queue and function; or whoever is outside. */
export type Caller = FunctionName | 'event source';

export type Use = TableUse | QueueUse | BlobUse | Invocation;

export interface TableUse {
  service: 'dynamodb';
  by: Caller;
  operation: string;
  /** What it was about, by the sort key of its first item, or by the index that was asked: `head`, `event`, `status` … */
  about: string;
  /** Of a head that was written: whether its place among the open runs changed, or it left them. */
  head?: 'moved' | 'closed' | 'kept';
  readUnits: number;
  /** In the table itself. */
  writeUnits: number;
  /** In indexes that the write changed. */
  indexUnits: Readonly<Record<string, number>>;
  /** As the service has reported it; an emulator leaves the indexes out. */
  reported?: number;
  /** What is stored afterwards and was not before, with indexes and overhead, times how long until it expires. */
  gbMonths: number;
  outcome: 'done' | 'condition_failed' | 'failed';
}

export interface QueueUse {
  service: 'sqs';
  by: Caller;
  operation: string;
  /** As billed: one for each 64 KB begun. */
  requests: number;
  /** Messages that were sent, received or deleted. */
  messages: number;
}

export interface BlobUse {
  service: 's3';
  by: Caller;
  operation: string;
  tier: 'put' | 'get' | 'free';
  /** Stored, times how long until they expire. */
  gbMonths: number;
  tagMonths: number;
}

export interface Invocation {
  service: 'lambda';
  by: FunctionName;
  /** To table, queue and bucket, without those that a process makes once. */
  requests: number;
  /** Steps that were begun. */
  steps: number;
  /** How many times steps were begun: those that begin together count once. */
  stepWaves: number;
}

export const allWriteUnits = ({ writeUnits, indexUnits }: TableUse): number =>
  Object.values(indexUnits).reduce((sum, units) => sum + units, writeUnits);

/** Read by each new process, and written for each new workflow. */
export function isOnce(use: Use): boolean {
  return use.service === 'dynamodb' && use.about === 'settings';
}
