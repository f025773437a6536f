/** From bundles to what Lambda is given. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Annotations, AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { bundleFunctions, type FunctionBundle } from './bundling/bundle-functions.ts';
import { type FunctionName, functionNames } from './bundling/request.ts';
import type { Settings } from './settings.ts';

export interface FunctionCode {
  code: Record<FunctionName, Code>;
  /** Differs whenever the driver's code does. */
  deployment: string;
}

/** Commands that deploy nothing of this stack, such as `cdk ls`, do not pay for bundles. */
export function functionCode(scope: Construct, settings: Settings): FunctionCode {
  if (!Stack.of(scope).bundlingRequired) {
    return { code: forEach(() => Code.fromInline('// This synthesis did not ask for bundles.')), deployment: 'none' };
  }
  const { functions, warnings } = bundleFunctions({ workflows: settings.workflows, options: settings.bundling });
  for (const [index, warning] of warnings.entries()) {
    Annotations.of(scope).addWarningV2(`pawl:bundling-${index + 1}`, warning);
  }
  return {
    code: forEach((name) => assetOf(functions[name], dirname(settings.workflows))),
    deployment: functions.driver.hash,
  };
}

/** CDK keeps an asset by its hash, so that a bundle is written once. */
function assetOf({ files, hash }: FunctionBundle, source: string): Code {
  return Code.fromAsset(source, {
    assetHash: hash,
    assetHashType: AssetHashType.CUSTOM,
    bundling: {
      // CDK wants to know an image, which nobody asks for as long as there is a local way.
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle(outputDir) {
          for (const [path, content] of files) {
            const file = join(outputDir, path);
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, content);
          }
          return true;
        },
      },
    },
  });
}

function forEach<T>(make: (name: FunctionName) => T): Record<FunctionName, T> {
  return Object.fromEntries(functionNames.map((name) => [name, make(name)])) as Record<FunctionName, T>;
}
