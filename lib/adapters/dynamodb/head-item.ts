/**
 * A head as an item, and back. What the keys say is not said again. `birth` is JSON text; what changes, and what
 * conditions look at, are attributes.
 */
import type { Birth, BlobRef, Payload } from '../../kernel/events.ts';
import { Fault } from '../../kernel/faults.ts';
import { type Head, type HeadChange, type HeadState, isOpen, isSettled } from '../../kernel/head.ts';
import { damaged, fromText, type StoredText, textOf, ttl, withText } from './attributes.ts';
import { itemSize, unitsFor } from './item-size.ts';
import {
  birthKey,
  correlationIn,
  correlationPk,
  creationPk,
  entrySk,
  headKey,
  idOf,
  openPk,
  placeOf,
  settledPk,
  shardOf,
  workflowField,
  workflowIn,
} from './keys.ts';
import type { Expression, Item } from './table-client.ts';

/** Every update bills the whole item. This is what a head may gain on its way from pending to cancelled: a longer status, a position, the last change's name. */
const GROWTH_BYTES = 40;
const CHANGE_NAME_LENGTH = 10;

interface HeadItem extends Item {
  nonce: string;
  position: number;
  status: HeadState['status'];
  wakeAt?: number;
  closedAt?: number;
  reason?: string;
  expiresAt: number;
  birth: string;
  input?: StoredText | BlobRef;
  /** The input has an item of its own. */
  inputAside?: true;
  creationPk: string;
  creationSk: string;
  correlationPk?: string;
  /** Names the last change. */
  change?: string;
}

/** The items that a new run begins with. `aside` is to be there before the head is. */
export function toHeadItems(head: Head, shards: number): { item: Item; aside?: Item } {
  const { birth, position, state, expiresAt } = head;
  const { id, nonce, workflow, createdAt, correlationId, input } = birth;
  const shard = shardOf(id, shards);
  const keys = {
    ...headKey(id),
    nonce,
    creationPk: creationPk(workflowField(workflow), shard),
    creationSk: entrySk({ at: createdAt, id }),
    ...(correlationId !== undefined && { correlationPk: correlationPk(correlationId) }),
  };
  const item = {
    ...keys,
    ...indexKeys(state, id, shards, keys.creationSk),
    ...attributesOf(state),
    position,
    expiresAt,
    ttl: ttl(expiresAt),
    birth: JSON.stringify(birthBeside(birth, keys)),
  };
  if (input === undefined) return { item };
  if (typeof input !== 'string') return { item: { ...item, input } };
  const whole = withText(item, 'input', input, GROWTH_BYTES);
  if (unitsFor(itemSize(whole) + GROWTH_BYTES) === 1) return { item: whole };
  return {
    item: { ...item, inputAside: true },
    aside: withText({ ...birthKey(id, nonce), ttl: ttl(expiresAt) }, 'input', input),
  };
}

/** Without an input that stands aside. Throws `Fault` corrupt, or newer_format for a status that is not known here. */
export function fromHeadItem(item: Item): Head {
  if (!isWhole(item)) throw damaged(item, 'it is not whole');
  const { position, expiresAt, input } = item;
  const birth = fromText<Partial<Birth>>(item, 'birth');
  if (typeof birth.format !== 'number') throw damaged(item, 'it has no format');
  return {
    birth: { ...toldByKeys(item), ...(input !== undefined && { input: inputIn(item) }), ...birth } as Birth,
    position,
    state: stateOf(item),
    expiresAt,
  };
}

/** Of a head, or of the item beside it. Throws `Fault` corrupt. */
export function inputIn(item: Item): Payload {
  const { input } = item;
  if (isBlobRef(input)) return input;
  try {
    const text = textOf(input);
    if (text !== undefined) return text;
  } catch (cause) {
    throw damaged(item, 'its input cannot be read', cause);
  }
  throw damaged(item, 'its input is no text');
}

function isBlobRef(input: unknown): input is BlobRef {
  return typeof input === 'object' && input !== null && 'blob' in input && typeof input.blob === 'string';
}

function isWhole(item: Item): item is HeadItem {
  const texts = [item.nonce, item.status, item.creationPk, item.creationSk];
  return (
    texts.every((value) => typeof value === 'string') &&
    [item.position, item.expiresAt].every((value) => typeof value === 'number')
  );
}

/** Whether the input stands in an item of its own. */
export function hasInputAside(item: Item): boolean {
  return (item as HeadItem).inputAside === true;
}

function stateOf(item: HeadItem): HeadState {
  const { status, wakeAt, closedAt, reason } = item;
  if (status === 'deleting') return { status };
  if (isSettled(status) && typeof closedAt === 'number') return { status, closedAt };
  if (status === 'blocked' && typeof wakeAt === 'number') return { status, wakeAt, reason: reason ?? '' };
  if (isSettled(status) || status === 'blocked') throw damaged(item, 'its state is not whole');
  if (!['pending', 'running', 'waiting', 'paused'].includes(status)) {
    throw new Fault(
      'newer_format',
      `The head of run ${idOf(item.pk)} has the status "${status}", which this Pawl does not know.`,
    );
  }
  if (typeof wakeAt !== 'number') throw damaged(item, 'its state is not whole');
  return { status, wakeAt };
}

type Told = Partial<Pick<Birth, 'id' | 'nonce' | 'workflow' | 'createdAt' | 'correlationId'>>;

function toldByKeys(keys: Pick<HeadItem, 'pk' | 'nonce' | 'creationPk' | 'creationSk' | 'correlationPk'>): Told {
  return {
    id: idOf(keys.pk),
    nonce: keys.nonce,
    workflow: workflowIn(keys.creationPk),
    createdAt: placeOf(keys.creationSk).at,
    ...(keys.correlationPk !== undefined && { correlationId: correlationIn(keys.correlationPk) }),
  };
}

/** The birth without its input, and without what the keys say. */
function birthBeside({ input: _input, ...birth }: Birth, keys: Parameters<typeof toldByKeys>[0]): Partial<Birth> {
  const told: Partial<Birth> = toldByKeys(keys);
  return Object.fromEntries(Object.entries(birth).filter(([name, value]) => told[name as keyof Birth] !== value));
}

/** A reason may quote a text that was cut in the middle of a character, which UTF-8 cannot hold. */
function attributesOf(state: HeadState): Partial<HeadItem> {
  return state.status === 'blocked' ? { ...state, reason: state.reason.replace(/\p{Surrogate}/gu, '\ufffd') } : state;
}

/**
 * Where a run stands in the status index. A completed one is nowhere: most runs end so, and lists find them by creation. Nor
 * is one that is being deleted.
 */
function indexKeys(
  state: HeadState,
  id: string,
  shards: number,
  creationSk: string,
): { statusPk?: string; statusSk?: string } {
  if (state.status === 'deleting' || state.status === 'completed') return {};
  const shard = shardOf(id, shards);
  if (!isOpen(state)) return { statusPk: settledPk(state.status, shard), statusSk: creationSk };
  return { statusPk: openPk(shard), statusSk: entrySk({ at: state.wakeAt, id }) };
}

/** How a change names itself, so that it can be told from another that says the same. */
export function changeName(random: string): string {
  return random.slice(0, CHANGE_NAME_LENGTH);
}

export function isChangedBy(item: Item | undefined, name: string): boolean {
  return item?.change === name;
}

/** The change as an update. Index keys get the values that they have, unless the change moves them. */
export function toHeadUpdate(
  id: string,
  { position, state, expiresAt }: HeadChange,
  shards: number,
  name: string,
): Expression {
  const sets = ['#change = :change'];
  const removes: string[] = [];
  const values: Expression['values'] = { ':change': name };
  const set = (attribute: string, value: unknown) => {
    if (value === undefined) removes.push(`#${attribute}`);
    else {
      sets.push(`#${attribute} = :${attribute}`);
      values[`:${attribute}`] = value;
    }
  };
  if (position !== undefined) set('position', position);
  if (expiresAt !== undefined) {
    set('expiresAt', expiresAt);
    set('ttl', ttl(expiresAt));
  }
  if (state !== undefined) {
    const { status, wakeAt, closedAt, reason } = attributesOf(state);
    set('status', status);
    set('wakeAt', wakeAt);
    set('closedAt', closedAt);
    set('reason', reason);
    const { statusPk, statusSk } = indexKeys(state, id, shards, '');
    set('statusPk', statusPk);
    // Settled runs are sorted by creation, which only the item knows.
    if (statusSk === '') sets.push('#statusSk = #creationSk');
    else set('statusSk', statusSk);
  }
  const text = `SET ${sets.join(', ')}${removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : ''}`;
  return { text, values };
}
