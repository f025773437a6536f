/** The process that bundles: a request on standard input, outputs and an answer in the folder that it names. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildFunctions } from './build.ts';
import { answerFile, type BundleRequest } from './request.ts';

const request = JSON.parse(await text(process.stdin)) as BundleRequest;
await writeFile(join(request.outDir, answerFile), JSON.stringify(await buildFunctions(request)));
