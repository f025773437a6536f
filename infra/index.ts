/** Pawl for AWS CDK apps: `import { Pawl } from 'pawl/cdk'`. */
export type { BundlingOptions } from './bundling/request.ts';
export { Pawl } from './pawl.ts';
export type { AlarmProps, ApiThrottle, Auth, GraphProps, PawlProps } from './props.ts';
export type { Trigger } from './triggers.ts';
