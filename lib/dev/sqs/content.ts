/** What a message carries: its text and attributes, their size and their checksums. */
import { createHash } from 'node:crypto';
import { invalidValue, SqsError } from './errors.ts';

interface AttributeValue {
  DataType: string;
  StringValue?: string | undefined;
  /** Base64. */
  BinaryValue?: string | undefined;
}

export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface Content {
  body: string;
  attributes: Attributes;
  /** `AWSTraceHeader` is the only one. It does not count for the size. */
  systemAttributes: Attributes;
}

const mostAttributes = 10;
/** https://www.w3.org/TR/REC-xml/#charsets, as SQS has it. */
const allowed = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

export function assertContent({ body, attributes, systemAttributes }: Content): void {
  if (body === '') throw new SqsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (!allowed.test(body)) {
    throw new SqsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  }
  const entries = Object.entries(attributes);
  if (entries.length > mostAttributes) {
    throw invalidValue(entries.length, 'MessageAttributes', `At most ${mostAttributes} attributes are allowed.`);
  }
  for (const [name, value] of entries) assertAttribute(name, value);
  for (const [name, value] of Object.entries(systemAttributes)) {
    if (name !== 'AWSTraceHeader') throw invalidValue(name, 'MessageSystemAttributes', 'Only AWSTraceHeader is known.');
    assertAttribute(name, value);
  }
}

function assertAttribute(name: string, { DataType, StringValue, BinaryValue }: AttributeValue): void {
  if (!/^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/.test(name)) {
    throw new SqsError('InvalidParameterValue', `The message attribute name '${name}' is invalid.`);
  }
  const kind = DataType.split('.')[0];
  const value = kind === 'Binary' ? BinaryValue : StringValue;
  if (!['String', 'Number', 'Binary'].includes(kind ?? '')) {
    throw new SqsError(
      'InvalidParameterValue',
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  if (value === undefined || value === '') {
    throw new SqsError(
      'InvalidParameterValue',
      `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${kind}'.`,
    );
  }
}

/** In bytes of UTF-8: the body, and of each attribute its name, its type and its value. */
export function sizeOf({ body, attributes }: Content): number {
  const sizes = Object.entries(attributes).map(
    ([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value.DataType) + bytesOf(value).length,
  );
  return sizes.reduce((sum, size) => sum + size, Buffer.byteLength(body));
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/**
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 * `undefined`: there are none.
 */
export function md5OfAttributes(attributes: Attributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const addSized = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const value = attributes[name] as AttributeValue;
    addSized(Buffer.from(name));
    addSized(Buffer.from(value.DataType));
    hash.update(Buffer.from([isBinary(value) ? 2 : 1]));
    addSized(bytesOf(value));
  }
  return hash.digest('hex');
}

/** Those that a receiver asked for: by name, `All`, `.*`, or `prefix.*`. */
export function chosenAttributes(attributes: Attributes, names: readonly string[]): Attributes {
  const isChosen = (name: string) =>
    names.some(
      (asked) => asked === name || asked === 'All' || (asked.endsWith('.*') && name.startsWith(asked.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isChosen(name)));
}

function isBinary({ DataType }: AttributeValue): boolean {
  return DataType.split('.')[0] === 'Binary';
}

function bytesOf(value: AttributeValue): Buffer {
  return isBinary(value) ? Buffer.from(value.BinaryValue ?? '', 'base64') : Buffer.from(value.StringValue ?? '');
}
