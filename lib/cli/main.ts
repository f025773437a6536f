#!/usr/bin/env node
import { runCli } from './program.ts';
import { createSystemCli } from './system-cli.ts';

const words = process.argv.slice(2);
const cli = createSystemCli(words);
await runCli(cli);
// A step that does not heed its abort signal may still hold the process; what was written is to be out before it ends.
process.exitCode = cli.exit.code;
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
