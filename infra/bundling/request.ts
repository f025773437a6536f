import type { Loader } from 'esbuild';

export const functionNames = ['api', 'driver', 'sweeper', 'trigger'] as const;
export type FunctionName = (typeof functionNames)[number];

/** What may be changed about how workflows are bundled. */
export interface BundlingOptions {
  /** Packages that are not bundled, as esbuild's `external`. They have to come from elsewhere: a layer, or the runtime. */
  readonly external?: readonly string[];
  /** esbuild's loaders by extension: `{ '.sql': 'text' }`. */
  readonly loader?: Readonly<Record<string, Loader>>;
  /** esbuild's `define`: expressions to replace, by JSON text. */
  readonly define?: Readonly<Record<string, string>>;
  /**
   * The path of a JavaScript module whose exports are esbuild plugins. A path, since bundling has a process of its own:
   * CDK's constructors cannot wait, and esbuild's plugins need somebody who can.
   */
  readonly plugins?: string;
  /** Default: true. */
  readonly minify?: boolean;
  /** Stack traces name the sources' lines. The asset grows by the map, and a cold start with an error takes longer. Default: false. */
  readonly sourceMap?: boolean;
}

/** What the bundling process is asked for, as JSON on its standard input. */
export interface BundleRequest {
  /** The workflows' module, absolute. */
  workflows: string;
  /** Where the outputs go, a folder for each function, and the answer. Absolute. */
  outDir: string;
  options: BundlingOptions;
}

/** What it answers, in this file of `outDir`. */
export const answerFile = 'answer.json';
export interface BundleAnswer {
  /** Each begins with `file:line:column: ` where there is such a place. Not empty: there is no bundle. */
  errors: string[];
  warnings: string[];
}
