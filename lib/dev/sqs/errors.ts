/** What SQS calls what is wrong. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
export class SqsError extends Error {
  override readonly name = 'SqsError';
  readonly code: SqsErrorCode;

  constructor(code: SqsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type SqsErrorCode = keyof typeof sqsErrors;

/** `query`: the name from before the JSON protocol, which clients still get beside the new one. */
export const sqsErrors = {
  BatchEntryIdsNotDistinct: { status: 400, query: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct' },
  BatchRequestTooLong: { status: 400, query: 'AWS.SimpleQueueService.BatchRequestTooLong' },
  EmptyBatchRequest: { status: 400, query: 'AWS.SimpleQueueService.EmptyBatchRequest' },
  InternalFailure: { status: 500, query: 'InternalFailure' },
  InvalidAction: { status: 400, query: 'InvalidAction' },
  InvalidAttributeName: { status: 400, query: 'InvalidAttributeName' },
  InvalidAttributeValue: { status: 400, query: 'InvalidAttributeValue' },
  InvalidBatchEntryId: { status: 400, query: 'AWS.SimpleQueueService.InvalidBatchEntryId' },
  InvalidMessageContents: { status: 400, query: 'InvalidMessageContents' },
  InvalidParameterValue: { status: 400, query: 'InvalidParameterValue' },
  MissingParameter: { status: 400, query: 'MissingParameter' },
  PurgeQueueInProgress: { status: 403, query: 'AWS.SimpleQueueService.PurgeQueueInProgress' },
  QueueDoesNotExist: { status: 400, query: 'AWS.SimpleQueueService.NonExistentQueue' },
  QueueNameExists: { status: 400, query: 'QueueAlreadyExists' },
  ReceiptHandleIsInvalid: { status: 404, query: 'ReceiptHandleIsInvalid' },
  RequestThrottled: { status: 403, query: 'RequestThrottled' },
  TooManyEntriesInBatchRequest: { status: 400, query: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest' },
  UnsupportedOperation: { status: 400, query: 'AWS.SimpleQueueService.UnsupportedOperation' },
} as const;

export function invalidValue(value: unknown, parameter: string, reason: string): SqsError {
  return new SqsError(
    'InvalidParameterValue',
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}
