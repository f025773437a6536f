import { workflow } from 'pawl';

/** The workflow that the kit's tests are about: reserve, charge, wait for an approval of large orders, ship. */
export const order = workflow(
  { name: 'order', timeout: '90d' },
  async (ctx, input: { id: string; amount: number; lines: string[] }) => {
    await ctx.step('reserve', () => ({ reserved: input.lines.length }), { compensate: () => 'released' });
    const payment = await ctx.step('charge', () => ({ paid: input.amount }));
    if (input.amount > 1_000) {
      const { by } = await ctx.signal<{ by: string }>('approve');
      ctx.log.info('approved', { by });
    }
    await ctx.sleep('30d', { name: 'return-period' });
    const shipped = await ctx.map('lines', input.lines, (line, scope) => scope.step('ship', () => `${line} is out`));
    return { payment, shipped };
  },
);

export const smallOrder = { id: 'o-1', amount: 10, lines: ['nut', 'bolt'] };
export const largeOrder = { id: 'o-2', amount: 5_000, lines: ['lathe'] };
