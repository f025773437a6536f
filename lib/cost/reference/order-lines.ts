/**
 * What the steps of the reference runs return: a line of an order as a shop's warehouse would confirm it, 300 bytes as JSON. Each
 * is another one, and the same in each measurement.
 */
export interface OrderLine {
  orderId: string;
  line: number;
  sku: string;
  name: string;
  quantity: number;
  unitPriceCents: number;
  currency: string;
  warehouse: string;
  reservation: string;
  status: string;
  reservedAt: string;
  note: string;
}

export const orderLineBytes = 300;

const names = [
  'Merino base layer, long sleeve',
  'Trail running shoe',
  'Insulated bottle 0.75 l',
  'Climbing rope 60 m',
  'Head torch 400 lm',
  'Rain jacket, three layers',
  'Trekking poles, carbon',
  'Down sleeping bag',
  'Gas cartridge 230 g',
  'Folding saw',
];
const warehouses = ['BSL-2', 'MUC-1', 'LYS-4', 'MXP-3'];
const note = 'Pick by hand, pack with the others of this order';
const beginningMs = Date.UTC(2026, 10, 21, 9);

export function orderLine(number: number): OrderLine {
  const random = randomFrom(number);
  const pick = <T>(choices: readonly T[]) => choices[random(choices.length)] as T;
  const line: OrderLine = {
    orderId: `ord_${hex(random, 12)}`,
    line: number,
    sku: `${pick(['AP', 'SH', 'EQ'])}-${10_000 + random(90_000)}`,
    name: pick(names),
    quantity: 1 + random(4),
    unitPriceCents: 990 + random(20_000),
    currency: 'EUR',
    warehouse: pick(warehouses),
    reservation: `rsv_${hex(random, 16)}`,
    status: 'reserved',
    reservedAt: new Date(beginningMs + random(86_400_000)).toISOString(),
    note: '',
  };
  return { ...line, note: note.slice(0, orderLineBytes - JSON.stringify(line).length) };
}

function hex(random: (below: number) => number, digits: number): string {
  return Array.from({ length: digits }, () => random(16).toString(16)).join('');
}

/** Numbers that look random and follow from the seed (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
