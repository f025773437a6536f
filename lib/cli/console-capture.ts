import { Console } from 'node:console';
import { Writable } from 'node:stream';

/**
 * Steps are the user's code and may write to the console. Standard output is for the result alone, so their lines go to
 * `write` instead. The returned function ends it.
 */
export function captureConsole(write: (line: string, stream: 'stdout' | 'stderr') => void): () => void {
  const original = globalThis.console;
  globalThis.console = new Console({
    stdout: lines((line) => write(line, 'stdout')),
    stderr: lines((line) => write(line, 'stderr')),
  });
  return () => {
    globalThis.console = original;
  };
}

/** The console writes whole lines. */
function lines(write: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      for (const line of String(chunk).replace(/\n$/, '').split('\n')) write(line);
      done();
    },
  });
}
