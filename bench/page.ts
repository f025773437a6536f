/** The figures of docs/performance.md: they stand between `<!-- name -->` and `<!-- end -->`, written by the bench. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const file = 'docs/performance.md';
const images = 'docs/img';

export function writeBlocks(blocks: Readonly<Record<string, string>>): void {
  let page = readFileSync(file, 'utf8');
  for (const [name, block] of Object.entries(blocks)) {
    const pattern = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- end -->)`);
    if (!pattern.test(page)) throw new Error(`${file} has no block "${name}"`);
    page = page.replace(pattern, (_, begin: string, end: string) => `${begin}${block}\n${end}`);
  }
  writeFileSync(file, page);
}

export function writeImage(name: string, svg: string): void {
  mkdirSync(images, { recursive: true });
  writeFileSync(`${images}/${name}`, svg);
}

export function markdownOf([titles = [], ...rows]: readonly (readonly string[])[]): string {
  const rule = titles.map((_, index) => (index === 0 ? '---' : '---:'));
  return [titles, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
