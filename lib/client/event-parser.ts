/** One message of a stream of server-sent events (WHATWG HTML, 9.2.6). */
export interface ServerSentEvent {
  event: string;
  data: string;
}

export interface EventParser {
  /** The messages that a piece of the stream completes; the pieces may be cut anywhere. */
  push(text: string): ServerSentEvent[];
  /** The pause before coming back that the server asked for last, in ms. */
  readonly retryMs: number | undefined;
}

export function createEventParser(): EventParser {
  let rest = '';
  let event = '';
  let data: string[] = [];
  let retryMs: number | undefined;

  const takeField = (line: string) => {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
    if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  };
  const takeMessage = (): ServerSentEvent[] => {
    const message = { event: event === '' ? 'message' : event, data: data.join('\n') };
    const isEmpty = data.length === 0;
    event = '';
    data = [];
    return isEmpty ? [] : [message];
  };

  return {
    get retryMs() {
      return retryMs;
    },
    push(text) {
      rest += text;
      // A carriage return at the end may be the first half of a line break.
      const upTo = rest.endsWith('\r') ? rest.length - 1 : rest.length;
      const lines = rest.slice(0, upTo).split(/\r\n|\r|\n/);
      rest = (lines.pop() ?? '') + rest.slice(upTo);
      return lines.flatMap((line) => {
        if (line === '') return takeMessage();
        takeField(line);
        return [];
      });
    },
  };
}
