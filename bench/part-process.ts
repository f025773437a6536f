/** Measures one part, and tells the process that asked for it. Arguments: its name, a folder, the greatest size. */
import { growthParts } from './growth-plots.ts';
import { parts } from './parts.ts';

const [name = '', folder = '', upTo = ''] = process.argv.slice(2);
const growth = growthParts[name];
const part = Object.entries(parts).find(([each]) => each === name)?.[1];
process.send?.(await (growth ? growth.measure({ folder, upTo: Number(upTo) }) : part?.(folder)));
