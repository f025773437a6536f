/**
 * Two processes write while others open and close the same data directory all the time; then every record that was
 * acknowledged has to be there. In rounds, each on a directory of its own, so that files stay small.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { bundleFixture } from './processes.ts';

export interface OpeningsOptions {
  dir: string;
  seconds: number;
  /** Nobody waits for anybody: what lmdb does by itself. */
  bare?: boolean;
  /** Ends with the round that found something. */
  untilFound?: boolean;
  onRound?: (sofar: OpeningsResult) => void;
}

export interface OpeningsResult {
  rounds: number;
  openings: number;
  acknowledged: number;
  seconds: number;
  facts: string[];
}

const longestRoundMs = 5_000;
/** A damaged file can keep a process in lmdb for ever. */
const endWithinMs = 30_000;

interface Said {
  ready?: true;
  acknowledged?: Record<string, number>;
  openings?: number;
  facts?: string[];
  failed?: string;
}

export async function openBesideWriters(options: OpeningsOptions): Promise<OpeningsResult> {
  const { dir, seconds, bare = false, untilFound = false, onRound } = options;
  const program = await bundleFixture(dir, 'openings');
  const began = performance.now();
  const result: OpeningsResult = { rounds: 0, openings: 0, acknowledged: 0, seconds: 0, facts: [] };
  const leftMs = () => seconds * 1_000 - (performance.now() - began);
  while (leftMs() > 0 && !(untilFound && result.facts.length > 0)) {
    const dataDir = join(dir, `data-${result.rounds}`);
    await round(dataDir, Math.min(longestRoundMs, leftMs()));
    rmSync(dataDir, { recursive: true, force: true });
    result.rounds += 1;
    result.seconds = Math.round((performance.now() - began) / 100) / 10;
    onRound?.(result);
  }
  return result;

  async function round(dataDir: string, forMs: number): Promise<void> {
    const begin = (order: string, given?: object) =>
      startProcess(program, [order, dataDir, bare ? 'bare' : '', JSON.stringify(given ?? {})]);
    const writers = [begin('write'), begin('write')];
    await Promise.all(writers.map(({ ready }) => ready));
    const openers = [begin('open'), begin('open'), begin('read')];
    // A process that ends before it is told to has found something.
    await Promise.race([
      setTimeout(forMs, undefined, { ref: false }),
      ...[...writers, ...openers].map(({ ended }) => ended),
    ]);
    for (const each of [openers, writers]) {
      for (const { end } of each) end();
      await Promise.all(each.map(({ ended }) => ended));
    }
    const ends = await Promise.all([...writers, ...openers].map(({ ended }) => ended));
    const acknowledged = Object.assign({}, ...ends.map(({ said }) => said.acknowledged ?? {})) as Record<
      string,
      number
    >;
    const checker = begin('check', acknowledged);
    checker.end();
    const checked = await checker.ended;
    for (const { died } of [...ends, checked]) if (died !== undefined) result.facts.push(died);
    result.facts.push(...(checked.said.facts ?? []));
    for (const position of Object.values(acknowledged)) result.acknowledged += position;
    for (const { said } of ends) result.openings += said.openings ?? 0;
  }
}

function startProcess(program: string, words: string[]) {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: Said = {};
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-1_000);
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]) => ({
    said,
    died:
      code === 0
        ? undefined
        : `the process to ${words[0]} ended with ${signal ?? code}: ${said.failed ?? stderr.trim()}`,
  }));
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      Object.assign(said, JSON.parse(line));
      if (said.ready) resolve();
    });
    // Why it ended is found when all are looked at.
    void ended.then(() => resolve());
  });
  const end = () => {
    child.stdin.end();
    const limit = new AbortController();
    void ended.then(() => limit.abort());
    void setTimeout(endWithinMs, undefined, limit).then(
      () => child.kill('SIGKILL'),
      () => {},
    );
  };
  return { ready, ended, end };
}
