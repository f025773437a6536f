import { sep } from 'node:path';
import type { OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';
import { ownEntries, ownFolders } from './own-files.ts';

const alreadyAsked = Symbol('already asked');

/**
 * Workflows' imports of `pawl` lead to the files that the handlers are made of: it exists once in a bundle. What of
 * Pawl nobody uses on Lambda, such as the embedded store, is left out with all that it imports.
 */
export const onePawl: Plugin = {
  name: 'one-pawl',
  setup(build) {
    build.onResolve({ filter: /^pawl($|\/)/ }, ({ path }): OnResolveResult => {
      const file = ownEntries[path];
      if (file !== undefined) return { path: file, sideEffects: false };
      return { errors: [{ text: `"${path}" is no entry of pawl; there are ${Object.keys(ownEntries).join(', ')}` }] };
    });

    build.onResolve({ filter: /./ }, async (asked): Promise<OnResolveResult | undefined> => {
      if (asked.pluginData === alreadyAsked || !isOwn(asked.importer)) return undefined;
      const found = await build.resolve(asked.path, again(asked));
      if (found.errors.length > 0 || found.external || found.namespace !== 'file') return found;
      return { ...found, sideEffects: false };
    });
  },
};

function isOwn(path: string): boolean {
  return ownFolders.some((folder) => path.startsWith(folder + sep));
}

function again({ kind, importer, namespace, resolveDir, with: attributes }: OnResolveArgs) {
  return { kind, importer, namespace, resolveDir, with: attributes, pluginData: alreadyAsked };
}

/**
 * zod exports a namespace of all its locales, some 350 KB that no bundler takes apart. Only English stays in it; a
 * workflow that wants another one imports it from `zod/locales`.
 */
export const englishOnly: Plugin = {
  name: 'english-only',
  setup(build) {
    const inZod = /[\\/]node_modules[\\/]zod[\\/]/;
    build.onResolve({ filter: /^\.\.\/locales\/index\.c?js$/ }, ({ importer, path, resolveDir }) => {
      if (!inZod.test(importer)) return undefined;
      return { path: path.replace('index', 'en'), namespace: 'english-only', pluginData: resolveDir };
    });
    build.onLoad({ filter: /./, namespace: 'english-only' }, ({ path, pluginData }) => {
      const file = JSON.stringify(path);
      const contents = path.endsWith('.cjs')
        ? `exports.en = require(${file}).default;`
        : `export { default as en } from ${file};`;
      return { contents, resolveDir: pluginData };
    });
  },
};

/**
 * A function's credentials are in its environment. The other places where the SDK would look by itself, a profile or a
 * login, do not exist on Lambda, and bring clients of four more services; whoever names one gets it all the same.
 */
export const credentialsOfLambda: Plugin = {
  name: 'credentials-of-lambda',
  setup(build) {
    const chain = /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]/;
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-(sso|ini|process|web-identity)$/ }, ({ importer }) => {
      return chain.test(importer) ? { path: 'none', namespace: 'credentials-of-lambda' } : undefined;
    });
    build.onLoad({ filter: /./, namespace: 'credentials-of-lambda' }, () => ({
      contents: `const skipped = () => async () => {
        throw Object.assign(new Error('Functions have no profiles'), { tryNextLink: true });
      };
      export { skipped as fromSSO, skipped as fromIni, skipped as fromProcess, skipped as fromTokenFile };`,
    }));
  },
};
