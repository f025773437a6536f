import type { Connection, LocalConnection } from './connect.ts';
import { Complaint } from './exit-codes.ts';

/** For commands that are the worker themselves, so that a server elsewhere is of no use to them. */
export function requireLocal({ local }: Connection): LocalConnection {
  if (local !== undefined) return local;
  throw new Complaint('PAWL_URL names a server, but this command works on a data directory of its own', {
    advice: ['Unset PAWL_URL, or name the directory with --data-dir.'],
  });
}
