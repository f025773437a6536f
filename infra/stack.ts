import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Pawl } from './pawl.ts';

/** What `cdk deploy` deploys from this repository: Pawl with the workflows in `workflows/`. */
export class PawlStack extends Stack {
  readonly pawl: Pawl;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.pawl = new Pawl(this, 'Pawl', { workflows: 'workflows/index.ts' });
  }
}
