/** A queue's attributes that can be set, as the service keeps them: text by name. */
import { invalidValue, SqsError } from './errors.ts';

export type QueueSettings = Readonly<Record<string, string>>;

export const largestMessageBytes = 1024 * 1024;

/** Whole numbers, with their bounds and defaults. */
const numbers: Record<string, { from: number; to: number; default: number }> = {
  DelaySeconds: { from: 0, to: 900, default: 0 },
  MaximumMessageSize: { from: 1_024, to: largestMessageBytes, default: largestMessageBytes },
  MessageRetentionPeriod: { from: 60, to: 1_209_600, default: 345_600 },
  ReceiveMessageWaitTimeSeconds: { from: 0, to: 20, default: 0 },
  VisibilityTimeout: { from: 0, to: 43_200, default: 30 },
};

/** Kept and shown; nothing here encrypts or refuses by them. */
const withoutEffect = [
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'Policy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
];

/** All that can be asked for, whether or not it is set. */
export const settingNames: ReadonlySet<string> = new Set([...Object.keys(numbers), ...withoutEffect, 'RedrivePolicy']);

export const defaultSettings: QueueSettings = Object.fromEntries(
  Object.entries(numbers).map(([name, { default: value }]) => [name, String(value)]),
);

/** Throws if a name is unknown or a value out of bounds. An empty redrive policy takes it away. */
export function changedSettings(settings: QueueSettings, changes: QueueSettings): QueueSettings {
  for (const [name, value] of Object.entries(changes)) assertSetting(name, value);
  const merged = { ...settings, ...changes };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}

function assertSetting(name: string, value: string): void {
  const bounds = numbers[name];
  if (bounds) {
    const number = Number(value);
    const fits = /^\d+$/.test(value) && number >= bounds.from && number <= bounds.to;
    if (!fits) throw new SqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
  } else if (name === 'RedrivePolicy') {
    if (value !== '') parsePolicy(value);
  } else if (name === 'FifoQueue' || name === 'ContentBasedDeduplication') {
    throw new SqsError('UnsupportedOperation', 'Only standard queues are known here, no FIFO queues.');
  } else if (!withoutEffect.includes(name)) {
    throw new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
  }
}

export function numberOf(settings: QueueSettings, name: keyof typeof numbers): number {
  return Number(settings[name]);
}

export interface RedrivePolicy {
  deadLetterTargetArn: string;
  maxReceiveCount: number;
}

export function redrivePolicyOf({ RedrivePolicy }: QueueSettings): RedrivePolicy | undefined {
  return RedrivePolicy === undefined ? undefined : parsePolicy(RedrivePolicy);
}

function parsePolicy(text: string): RedrivePolicy {
  const refused = (reason: string) => invalidValue(text, 'RedrivePolicy', reason);
  let policy: { deadLetterTargetArn?: unknown; maxReceiveCount?: unknown } | null;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refused('Redrive policy is not a valid JSON map.');
  }
  const { deadLetterTargetArn, maxReceiveCount } = policy ?? {};
  const count = Number(maxReceiveCount);
  if (typeof deadLetterTargetArn !== 'string' || !/^arn:aws:sqs:([^:]+:){2}[^:]+$/.test(deadLetterTargetArn)) {
    throw refused('Invalid value for deadLetterTargetArn.');
  }
  if (!Number.isInteger(count) || count < 1 || count > 1_000)
    throw refused('Invalid value for maxReceiveCount: 1..1000.');
  return { deadLetterTargetArn, maxReceiveCount: count };
}
