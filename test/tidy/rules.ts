/**
 * The house rules that no other tool checks, as one pure function: (path, source) → complaints. Paths are relative to the
 * repository, with `/`. It reads text, not syntax: it is to catch slips, not tricks.
 */
import { posix } from 'node:path';

export function complaints(path: string, source: string): string[] {
  const bare = withoutComments(source);
  return [
    ...importComplaints(path, importsOf(bare)),
    ...nameComplaints(path),
    ...lengthComplaints(source),
    ...environmentComplaints(path, bare),
    ...defaultExportComplaints(path, bare),
    ...determinismComplaints(path, bare),
  ];
}

const MAX_LINES = 700;

interface Direction {
  /** Folders or files below lib/ whose values and types may be imported. The own folder always may. */
  any: string[];
  /** Only by `import type`. */
  types?: string[];
  /** May import what npm and Node provide. */
  packages: 'any' | 'types' | 'none';
}

const faults = 'kernel/faults.ts';

/** The table of contents in CONTRIBUTING, as data. A folder that is missing here may not exist. */
const directions: Record<string, Direction> = {
  workflow: { any: ['kernel'], packages: 'types' },
  kernel: { any: ['ports'], packages: 'none' },
  ports: { any: [], types: ['kernel'], packages: 'none' },
  adapters: { any: ['kernel', 'ports'], packages: 'any' },
  graph: { any: ['workflow', faults], types: ['kernel'], packages: 'any' },
  service: { any: ['kernel', 'ports'], packages: 'types' },
  http: { any: ['service', faults], types: ['kernel'], packages: 'any' },
  client: {
    any: ['service/api.ts', 'service/run-handle.ts', 'http/contract', faults],
    types: ['service', 'kernel', 'workflow'],
    packages: 'any',
  },
  cli: {
    any: ['service', 'client', 'http', 'wiring', 'dev', 'cost', faults],
    types: ['kernel', 'workflow'],
    packages: 'any',
  },
  dev: { any: ['kernel', 'ports', 'service', 'wiring'], packages: 'any' },
  cost: {
    any: ['workflow', 'kernel', 'ports', 'service', 'wiring', 'dev', 'adapters/dynamodb/table.ts'],
    packages: 'any',
  },
  testing: {
    any: ['workflow', 'kernel', 'ports', 'adapters', 'graph', 'service', 'wiring', 'client'],
    packages: 'any',
  },
  wiring: {
    any: ['workflow', 'kernel', 'ports', 'adapters', 'graph', 'service', 'http', 'client'],
    packages: 'any',
  },
  'index.ts': {
    any: ['workflow', 'graph/handlers.ts', 'wiring', 'service', faults],
    types: ['kernel'],
    packages: 'types',
  },
};

interface Import {
  specifier: string;
  typeOnly: boolean;
}

const sharedWithInfra = /\blib\/(wiring\/aws\/names|adapters\/(dynamodb\/table|s3\/expiry))\.ts$/;

function importComplaints(path: string, imports: Import[]): string[] {
  if (/^(workflows|functions)\//.test(path)) {
    const inside = path.split('/')[0] === 'workflows' ? /^\.\.\/.*\blib\// : /\blib\/adapters\//;
    return imports
      .filter(({ specifier }) => inside.test(specifier))
      .map(({ specifier }) => `imports ${specifier}, which is not meant for it`);
  }
  if (path.startsWith('infra/')) {
    return imports
      .filter(({ specifier }) => /^\.\.?\/(.*\/)?(lib|functions)\//.test(specifier) && !sharedWithInfra.test(specifier))
      .map(({ specifier }) => `imports ${specifier}: of lib/, infra/ shares only names and the shape of the table`);
  }
  if (!path.startsWith('lib/')) return [];
  const inLib = path.slice('lib/'.length);
  const folder = inLib.split('/')[0] ?? '';
  const direction = directions[folder];
  if (direction === undefined) return [`lies in lib/${folder}, which the table of directions does not know`];

  return imports.flatMap(({ specifier, typeOnly }) => {
    const complaint = (why: string) => [`imports ${specifier}: ${why}`];
    if (!specifier.startsWith('.')) {
      if (direction.packages === 'any' || (direction.packages === 'types' && typeOnly)) return [];
      return complaint(`lib/${folder} imports ${direction.packages === 'types' ? 'only types from' : 'no'} packages`);
    }
    const target = posix.join(posix.dirname(inLib), specifier);
    if (folder === 'dev' && target.startsWith('../functions/')) return [];
    if (target.startsWith('..')) return complaint('lib imports nothing from outside lib');
    if (folder === 'ports' && !typeOnly) return complaint('lib/ports imports nothing but types');
    if (folder === 'adapters' && isAnotherAdapter(inLib, target)) return complaint('adapters do not know each other');
    const within = (places: string[]) => places.some((place) => target === place || target.startsWith(`${place}/`));
    const whole = direction.any.map((place) => (place === 'http/contract' ? contractOf(target) : place));
    if (within([folder, ...whole])) return [];
    if (typeOnly && within(direction.types ?? [])) return [];
    return complaint(
      `lib/${folder} does not import ${within(direction.types ?? []) ? 'values from there' : 'from there'}`,
    );
  });
}

/** The contract may be a file or a folder. */
function contractOf(target: string): string {
  return target === 'http/contract.ts' ? target : 'http/contract';
}

function isAnotherAdapter(from: string, to: string): boolean {
  const [, own] = from.split('/');
  const [root, other, ...rest] = to.split('/');
  return root === 'adapters' && rest.length > 0 && own !== other;
}

function nameComplaints(path: string): string[] {
  const bucket = path
    .split('/')
    .find((part) => /^(utils?|common|helpers?|types|misc|shared)(\.[cm]?[jt]s)?$/.test(part));
  return bucket === undefined ? [] : [`"${bucket}" names a bucket: name what is in it`];
}

function lengthComplaints(source: string): string[] {
  const lines = source.split('\n').length - 1;
  return lines > MAX_LINES ? [`has ${lines} lines, more than ${MAX_LINES}`] : [];
}

function environmentComplaints(path: string, source: string): string[] {
  if (path === 'lib/wiring/environment.ts' || /^(test|scripts|bench)\//.test(path)) return [];
  const reads =
    /\bprocess\s*(\?\.|\.|\[\s*['"])\s*env\b/.test(source) || /\benv\b[^;]*from 'node:process'/.test(source);
  return reads ? ['reads process.env, which only lib/wiring/environment.ts does'] : [];
}

function defaultExportComplaints(path: string, source: string): string[] {
  if (/(^|\/)[\w.-]+\.config\.ts$/.test(path)) return [];
  const exports = /^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas\s+default\b/m.test(withoutStrings(source));
  return exports ? ['has a default export'] : [];
}

const chance = [
  'Date.now',
  'new Date()',
  'Math.random',
  'performance.now',
  'randomUUID',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'AbortSignal.timeout',
];

function determinismComplaints(path: string, source: string): string[] {
  if (!/^lib\/(kernel|workflow|service|graph)\//.test(path)) return [];
  const code = withoutStrings(source).replaceAll('globalThis.', '');
  return chance
    .filter((name) => new RegExp(`(?<![\\w.])${escaped(name)}${/\w$/.test(name) ? '\\b' : ''}`).test(code))
    .map((name) => `uses ${name}: time and chance come in by a port`);
}

// --- reading text --------------------------------------------------------------------------------------------------

const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

function withoutComments(source: string): string {
  return source.replace(token, (found) => (found.startsWith('/') ? ' ' : found));
}

/** Templates stay: they hold code too. */
function withoutStrings(source: string): string {
  return source.replace(token, (found) => (/^['"]/.test(found) ? "''" : found));
}

function importsOf(source: string): Import[] {
  const clause = String.raw`(?:[\w$]+\s*,?\s*)?(?:\{[^}]*\}|\*(?:\s*as\s+[\w$]+)?)?\s*from\s*`;
  const statement = new RegExp(String.raw`^\s*(?:import|export)\s*(type\s)?\s*${clause}['"]([^'"]+)['"]`, 'gm');
  const sideEffect = /^\s*import\s*()['"]([^'"]+)['"]/gm;
  const dynamic = /\b(?:import|require)\s*\(\s*()['"]([^'"]+)['"]/g;
  return [statement, sideEffect, dynamic].flatMap((pattern) =>
    [...source.matchAll(pattern)].map(([, type, specifier]) => ({
      specifier: specifier ?? '',
      typeOnly: Boolean(type),
    })),
  );
}

function escaped(text: string): string {
  return text.replace(/[.()]/g, '\\$&');
}
