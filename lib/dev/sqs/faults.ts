/** What goes wrong on purpose. Each is asked every time; without an answer all is well. SQS does all of this now and then. */
export interface SqsFaults {
  /** How a message arrives that was accepted. */
  arrival?(sent: SentMessage): Arrival | undefined;
  /** In which order visible messages are given out. Those left out are not seen this time. */
  order?<T extends SentMessage>(visible: readonly T[]): readonly T[];
  /** Whether a call goes wrong: refused, failed, or carried out and then cut off before the answer. */
  call?(operation: string): 'throttled' | 'failed' | 'cut off' | undefined;
}

export interface SentMessage {
  /** The queue's name. */
  queue: string;
  body: string;
}

interface Arrival {
  /** Default 1. 0: it is lost. Several are the same message, each deleted for itself. */
  copies?: number;
  /** In ms, beyond the delay asked for. */
  lateMs?: number;
}
