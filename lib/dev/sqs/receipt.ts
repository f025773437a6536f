/** Handles of deliveries: opaque to whoever gets them, and worth nothing with another queue or in another process. */
interface Receipt {
  /** Of the message within its queue. */
  serial: number;
  /** The how-manieth receive it was. */
  receive: number;
}

export function toHandle(scope: string, { serial, receive }: Receipt): string {
  return Buffer.from(JSON.stringify([scope, serial, receive])).toString('base64');
}

/** `undefined`: it is not one of this scope. */
export function fromHandle(scope: string, handle: string): Receipt | undefined {
  try {
    const [given, serial, receive] = JSON.parse(Buffer.from(handle, 'base64').toString()) as unknown[];
    if (given === scope && typeof serial === 'number' && typeof receive === 'number') return { serial, receive };
  } catch {
    // Whatever it is, it is no handle.
  }
  return undefined;
}
