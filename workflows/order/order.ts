import { z } from 'zod';

const line = z.object({
  sku: z.string().min(1),
  quantity: z.int().positive(),
  /** Of one piece, without tax. */
  priceCents: z.int().nonnegative(),
});

export const order = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]{1,40}$/, 'expected 1 to 40 letters, digits or hyphens'),
  customer: z.object({
    name: z.string().min(1),
    email: z.email(),
    address: z.string().min(1),
    country: z.enum(['AT', 'DE', 'FR', 'NL']),
  }),
  card: z.string().min(1),
  lines: z
    .array(line)
    .min(1)
    .max(100)
    .refine((lines) => new Set(lines.map(({ sku }) => sku)).size === lines.length, 'expected each sku once'),
  /** An order whose total is above this waits for the signal `approval`. */
  approvalOverCents: z.int().nonnegative().default(50_000),
  approvalTimeout: z.templateLiteral([z.number(), z.enum(['ms', 's', 'm', 'h', 'd'])]).default('1h'),
  /** To see the compensation: the carrier refuses the parcel with this sku. */
  failShipping: z.string().optional(),
  /** How slow warehouse, payment and carrier pretend to be: at 1 an order takes some seconds, at 0 no time. */
  pace: z.number().min(0).max(10).default(1),
  outDir: z.string().min(1).default('.pawl/out'),
});

export type Order = z.output<typeof order>;
export type OrderLine = Order['lines'][number];
