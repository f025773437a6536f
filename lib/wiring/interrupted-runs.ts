import type { Definition } from '../kernel/definition.ts';
import type { Payload } from '../kernel/events.ts';
import { isOpen } from '../kernel/head.ts';
import { toJson } from '../kernel/payload.ts';
import type { Ports } from '../kernel/ports.ts';

const pageSize = 100;

/** The newest open run without a key that `origin` started with this workflow and input, of any version unless one is given. */
export async function findInterrupted(
  ports: Ports,
  definition: Definition,
  input: unknown,
  { origin, version }: { origin: string; version?: number | undefined },
): Promise<string | undefined> {
  const text = toJson(definition.parseInput(input), 'The input', ports.limits);
  let cursor: string | undefined;
  do {
    const page = await ports.store.list(
      { workflow: definition.name },
      { limit: pageSize, ...(cursor !== undefined && { cursor }) },
    );
    for (const { birth, state } of page.items) {
      if (
        isOpen(state) &&
        birth.origin === origin &&
        (version === undefined || birth.version === version) &&
        birth.idempotencyKey === undefined &&
        isText(ports, birth.input, text)
      )
        return birth.id;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return undefined;
}

function isText({ ids }: Ports, payload: Payload | undefined, text: string | undefined): boolean {
  if (typeof payload !== 'object' || text === undefined) return payload === text;
  return payload.digest === ids.digest(text);
}
