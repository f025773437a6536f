#!/usr/bin/env node
import { runCli } from './program.ts';
import { createSystemCli } from './system-cli.ts';

// A promise that a workflow made and forgot must not end the process, which works on other runs too.
process.on('unhandledRejection', (reason) => console.error('A promise was rejected that nobody awaited:', reason));

const words = process.argv.slice(2);
const cli = createSystemCli(words);
await runCli(cli);
// A step that does not heed its abort signal may still hold the process; what was written is to be out before it ends.
process.exitCode = cli.exit.code;
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
