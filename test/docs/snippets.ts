import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'events/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `docs/${file}`),
];

/** A fenced block. `info` is what stands behind the language: `file=…`, `context` or `lines`. */
export interface Block {
  page: string;
  line: number;
  language: string;
  info: string;
  text: string;
  /** The declarations that stand in the page's latest comment `<!-- snippets … -->`. */
  prelude: string;
}

export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks: Block[] = [];
  let prelude = '';
  for (const found of text.matchAll(/^<!-- snippets\n([\s\S]*?)^-->$|^```(\w*)(.*)\n([\s\S]*?)^```$/gm)) {
    const [, declarations, language = '', info = '', code = ''] = found;
    if (declarations !== undefined) prelude = declarations;
    else {
      const line = text.slice(0, found.index).split('\n').length;
      blocks.push({ page, line, language, info: info.trim(), text: code, prelude });
    }
  }
  return blocks;
}

/** A TypeScript block as a module of its own, and where it belongs among the page's files. */
export function moduleOf({ line, info, text, prelude }: Block): { path: string; text: string } {
  const file = /^file=(\S+)$/.exec(info)?.[1];
  if (file !== undefined) return { path: file, text };
  const path = `line-${line}.ts`;
  if (info === '') return { path, text };
  if (info === 'lines') return { path, text: `${prelude}${text}` };
  if (info !== 'context') throw new Error(`line ${line}: a TypeScript block cannot be '${info}'`);
  return {
    path,
    text: `${prelude}export const snippet = workflow({ name: 'snippet' }, async (ctx) => {\n${text}});\n`,
  };
}

export interface Link {
  page: string;
  target: string;
  /** The file, from the repository's root. */
  path: string;
  anchor: string | undefined;
}

/** Links to files of this repository. */
export function linksOf(page: string): Link[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? page : relative(root, join(root, dirname(page), file));
    return [{ page, target, path, anchor }];
  });
}

/** The anchors that GitHub gives a page's headings. */
export function anchorsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Each `pawl …` that a block tells people to type, as words, without what the shell does around it. */
export function commandsOf(block: Block): string[][] {
  const lines = block.text.replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|\s)(?:npx )?pawl ((?:'[^']*'|[^'&|;#])*)/g)].map(([, words = '']) =>
      (words.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, '')),
    ),
  );
}
