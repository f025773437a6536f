import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll } from 'vitest';
import { Pawl } from '../../infra/pawl.ts';
import type { PawlProps } from '../../infra/props.ts';

const outputs: string[] = [];
afterAll(() => {
  for (const directory of outputs) rmSync(directory, { recursive: true, force: true });
});

export interface Synthesis {
  app: App;
  stack: Stack;
  pawl: Pawl;
  template: Template;
}

type Given = Partial<PawlProps>;

/** A stack with the construct, synthesized without bundles. `also` adds what belongs to the stack beside it. */
export function synthesize(
  given: Given | ((stack: Stack) => Given) = {},
  also?: (made: Omit<Synthesis, 'template'>) => void,
  context: Record<string, unknown> = {},
): Synthesis {
  const app = createApp({ ...context, 'aws:cdk:bundling-stacks': [] });
  const stack = new Stack(app, 'Test');
  const props = typeof given === 'function' ? given(stack) : given;
  const pawl = new Pawl(stack, 'Pawl', { workflows: 'workflows/index.ts', ...props });
  also?.({ app, stack, pawl });
  return { app, stack, pawl, template: Template.fromStack(stack) };
}

export function createApp(context: Record<string, unknown> = {}): App {
  const outdir = mkdtempSync(join(tmpdir(), 'pawl-cdk-'));
  outputs.push(outdir);
  // CloudFormation's own rules on templates, as errors.
  return new App({ outdir, context: { '@aws-cdk/core:validateAgainstDefaultRules': true, ...context } });
}

/** The functions' ids in the construct. */
export const ids = ['Api', 'Driver', 'Sweeper', 'Trigger'];

/** The properties of the one resource with this logical id, as `readable` writes it. */
export function properties(template: Template, type: string, id: string) {
  const found = Object.entries(template.findResources(type)).filter(([logicalId]) => withoutHash(logicalId) === id);
  const [[, resource] = ['', undefined]] = found;
  if (found.length !== 1 || resource === undefined) throw new Error(`${found.length} resources ${type} ${id}`);
  return resource.Properties;
}

export function functionOf(template: Template, id: string) {
  return properties(template, 'AWS::Lambda::Function', `${id}Function`);
}

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

/** What a role may do, by resource: `{ 'Table/index/status': ['dynamodb:Query'] }`. Logical ids appear without their hash. */
export function allowances(template: Template, role: string): Record<string, string[]> {
  const allowed: Record<string, string[]> = {};
  for (const policy of Object.values(template.findResources('AWS::IAM::Policy'))) {
    if (!policy.Properties.Roles.some((found: unknown) => readable(found) === role)) continue;
    for (const { Action, Resource } of policy.Properties.PolicyDocument.Statement as Statement[]) {
      for (const resource of [Resource].flat()) {
        const name = readable(resource);
        allowed[name] = [...(allowed[name] ?? []), ...[Action].flat()].sort();
      }
    }
  }
  return allowed;
}

/** An intrinsic of CloudFormation as text: the logical id without hash and the construct's name, joined with what follows. */
export function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[key, inner] = ['', undefined]] = Object.entries(value as Record<string, unknown>);
  if (key === 'Ref') return withoutHash(String(inner));
  if (key === 'Fn::GetAtt') return withoutHash(String((inner as string[])[0]));
  if (key === 'Fn::Join') return (inner as [string, unknown[]])[1].map(readable).join((inner as [string])[0]);
  throw new Error(`not an intrinsic that is known here: ${JSON.stringify(value)}`);
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '').replace(/^Pawl/, '');
}
