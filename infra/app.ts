import { App } from 'aws-cdk-lib';
import { PawlStack } from './stack.ts';

new PawlStack(new App(), 'Pawl', { description: 'Durable workflows with Pawl' });
