import { userInfo } from 'node:os';

/** Who types, for records of who changed something. */
export function who(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers may run as users that nobody has named.
    return 'cli';
  }
}
