import { createRequire } from 'node:module';

/** This Pawl's version. The package's own name resolves to its package.json from the sources and from dist alike. */
export const packageVersion: string = (createRequire(import.meta.url)('pawl/package.json') as { version: string })
  .version;
