/**
 * DynamoDB, SQS and S3 in a process of their own. By their nature they keep all that they are given, so their memory is
 * not looked at.
 */
import { startLocalServices } from '../../lib/dev/services.ts';
import { systemClock } from '../../lib/wiring/system.ts';

const services = await startLocalServices({ clock: systemClock, visibilityMs: 720_000 });
process.send?.({ endpoints: services.endpoints, environment: services.environment });
process.on('disconnect', () => process.exit(0));
