import { type AwsClients, createFirstClients, type Endpoints, serviceTimeouts } from './clients.ts';
import { createS3Client } from './s3-client.ts';

/** For whoever does not start cold. */
export function createAwsClients(endpoints?: Endpoints, timeouts = serviceTimeouts): AwsClients {
  return { ...createFirstClients(endpoints, timeouts), s3: createS3Client(endpoints, timeouts) };
}
