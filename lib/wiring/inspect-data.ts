/**
 * Has a process of its own read a data directory from end to end, since damage of the file's structure may end whoever
 * reads it. Owns: that process and what its death means. Does not own: what is looked at (`lmdb/inspect.ts`).
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Inspection } from '../adapters/lmdb/inspect.ts';

export type Inspected =
  /** `damage` may be empty: all is well. */
  | { kind: 'read'; records: number; runs: number; damage: string[]; damaged: number }
  /** The file itself is damaged: nothing that it gives is to be relied upon. */
  | { kind: 'broken'; why: string }
  /** It took too long; what had been read was readable. */
  | { kind: 'unfinished'; records: number; of: number }
  /** Nothing can be said. */
  | { kind: 'failed'; why: string };

export interface InspectOptions {
  dataDir: string;
  longestMs: number;
  onProgress?: (records: number, of: number) => void;
}

/** A process that meets these has not been ended by anybody else. */
const ownDeaths = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP']);
const lastWords = 2_000;

interface Line {
  progress?: { records: number; of: number };
  inspection?: Inspection;
  thrown?: string;
  refused?: string;
}

export function inspectData({ dataDir, longestMs, onProgress }: InspectOptions): Promise<Inspected> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...inspector(), dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
    let progress = { records: 0, of: 0 };
    let stderr = '';
    const end = (inspected: Inspected) => {
      clearTimeout(timer);
      resolve(inspected);
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end({ kind: 'unfinished', ...progress }), longestMs);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-lastWords);
    });
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line.progress !== undefined) {
        progress = line.progress;
        onProgress?.(progress.records, progress.of);
      }
      if (line.thrown !== undefined) end({ kind: 'broken', why: line.thrown });
      if (line.refused !== undefined) end({ kind: 'failed', why: line.refused });
      if (line.inspection !== undefined) end(toInspected(line.inspection));
    });
    child.on('error', (error) => end({ kind: 'failed', why: error.message }));
    child.on('close', (code, signal) => {
      if (signal !== null && ownDeaths.has(signal))
        end({ kind: 'broken', why: `reading it ends a process (${signal})` });
      else end({ kind: 'failed', why: `the process that reads it ended with ${signal ?? code}: ${stderr.trim()}` });
    });
  });
}

function toInspected({ structure, ...read }: Inspection): Inspected {
  return structure === undefined ? { kind: 'read', ...read } : { kind: 'broken', why: structure };
}

/** The program, as it lies in the sources and in the built package. */
function inspector(): string[] {
  const require = createRequire(import.meta.url);
  if (!fileURLToPath(import.meta.url).endsWith('.ts')) {
    return [join(dirname(require.resolve('pawl/package.json')), 'dist/data-inspector.mjs')];
  }
  const source = fileURLToPath(new URL('./data-inspector.ts', import.meta.url));
  return ['--import', pathToFileURL(require.resolve('tsx')).href, source];
}
