export interface BadGraph {
  title: string;
  text: string;
  /** Default: YAML. */
  format?: 'json';
  /** All of them, in order: `line:column path: message (hint)`. */
  problems: string[];
}

/** A graph of these tasks, which begin in its third line with two spaces before them. */
export function tasks(lines: string): string {
  const own = lines.split('\n').slice(1, -1);
  const indent = /^ */.exec(own[0] ?? '')?.[0].length ?? 0;
  return `name: orders\ntasks:\n${own.map((line) => `  ${line.slice(indent)}`).join('\n')}\n`;
}
