import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../kernel/faults.ts';

export type Role = 'worker' | 'client';

export interface PeerFile {
  name: string;
  role: Role;
  file: string;
}

/** What a socket's address can hold is 104 bytes on some systems and 108 on others. */
const LONGEST_PATH_BYTES = 100;
const LONGEST_FILE = `${'x'.repeat(24)}.w.sock`;

/** Where the processes on a data directory have their sockets; only their owner may enter. */
export function openPeerDirectory(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const usual = join(dataDir, 'peers');
  const isShortEnough = Buffer.byteLength(join(usual, LONGEST_FILE)) <= LONGEST_PATH_BYTES;
  const directory = isShortEnough ? usual : join(tmpdir(), `pawl-${digest(realpathSync(dataDir))}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  // In a directory for all, anybody could have been here first.
  if (!isOurs)
    throw new Fault(
      'unauthorized',
      `The directory ${directory} is open to other users; remove it or use another data directory.`,
    );
  return directory;
}

export function socketFile(name: string, role: Role): string {
  return `${name}.${role === 'worker' ? 'w' : 'c'}.sock`;
}

export function toPeerFile(file: string): PeerFile | undefined {
  const [, name, letter] = /^([0-9a-z]+)\.([wc])\.sock$/.exec(file) ?? [];
  return name === undefined ? undefined : { name, role: letter === 'w' ? 'worker' : 'client', file };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
