/**
 * Server-sent events out of anything that iterates. Owns the framing, the heartbeat and the end of the stream; reads no
 * faster than the client does, and stops reading when the client leaves or the server closes.
 */
export interface StreamedEvent {
  /** Default: `message`. */
  event?: string;
  id?: number;
  data: unknown;
}

export interface EventStreamOptions {
  /** What to send. The signal aborts when nobody listens any more. */
  events: (signal: AbortSignal) => AsyncIterable<StreamedEvent>;
  /** The last thing to send if `events` throws. */
  failure: (error: unknown) => StreamedEvent;
  /** Ends the stream, and the client is to come back. */
  closing?: AbortSignal | undefined;
  heartbeatMs: number;
  reconnectMs: number;
  opened: () => void;
  closed: () => void;
}

export function createEventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { closing, heartbeatMs } = options;
  const encoder = new TextEncoder();
  const left = new AbortController();
  let hasBegun = false;
  let isOpen = false;
  let isWanted = false;
  let wanted = () => {};
  let heartbeat: ReturnType<typeof setInterval> | undefined;

  const finish = () => {
    if (!isOpen) return false;
    isOpen = false;
    clearInterval(heartbeat);
    closing?.removeEventListener('abort', stop);
    left.abort();
    wanted();
    options.closed();
    return true;
  };
  let stop = () => {};

  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const send = (text: string) => {
      isWanted = false;
      controller.enqueue(encoder.encode(text));
    };
    const demand = () => (isWanted || !isOpen ? undefined : new Promise<void>((resolve) => (wanted = resolve)));
    stop = () => {
      if (finish()) controller.close();
    };
    hasBegun = true;
    isOpen = true;
    options.opened();
    if (closing?.aborted) return stop();
    closing?.addEventListener('abort', stop, { once: true });
    heartbeat = setInterval(() => {
      if (isWanted) send(': still here\n\n');
    }, heartbeatMs);

    send(`retry: ${options.reconnectMs}\n\n`);
    try {
      for await (const event of options.events(left.signal)) {
        await demand();
        if (!isOpen) return;
        send(framed(event));
      }
    } catch (error) {
      await demand();
      if (isOpen) send(framed(options.failure(error)));
    }
    stop();
  };

  return new ReadableStream<Uint8Array>(
    {
      // Nothing begins before somebody reads: the answer to a HEAD request never is.
      pull(controller) {
        isWanted = true;
        wanted();
        if (!hasBegun) void pump(controller);
      },
      cancel() {
        finish();
      },
    },
    { highWaterMark: 0 },
  );
}

/** One message, as it is sent. */
export function framed({ event, id, data }: StreamedEvent): string {
  const lines = [event && `event: ${event}`, id !== undefined && `id: ${id}`, `data: ${JSON.stringify(data)}`];
  return `${lines.filter(Boolean).join('\n')}\n\n`;
}
