/** The API as one page for people: made from the OpenAPI document, rendered here, with no script in it. */
import { createHash } from 'node:crypto';
import { type ProblemCode, problemKinds } from './contract/problem.ts';
import type { JsonSchema, OpenApiDocument, OperationObject, Parameter } from './openapi.ts';

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#0b5cad, #7db7f5); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 .25rem; font-size: 1.05rem; }
h4 { margin: 1rem 0 .25rem; font-size: .9rem; }
a { color: var(--accent); }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; color: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td:first-child { white-space: nowrap; }
details { margin: .5rem 0; padding: .25rem .75rem; background: var(--soft); border-radius: .4rem; }
summary { cursor: pointer; }
nav ul { list-style: none; padding: 0; }
`;

export const docsPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Listed {
  method: string;
  path: string;
  operation: OperationObject;
}

export function renderDocsPage(document: OpenApiDocument): string {
  const listed = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Listed => ({ method: method.toUpperCase(), path, operation })),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(document.info.title)} HTTP API</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escaped(document.info.title)} HTTP API</h1>
<p>${prose(document.info.description)} The same for machines: <a href="openapi.json">openapi.json</a>.</p></header>
<nav aria-label="Routes"><ul>${listed.map(contentsLine).join('')}</ul></nav>
<main>
${document.tags.map(({ name }) => tagSection(name, listed)).join('\n')}
<section aria-labelledby="problems"><h2 id="problems">Problems</h2>${problemTable()}</section>
<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas).map(schemaSection).join('\n')}
</section>
</main>
</body>
</html>
`;
}

function contentsLine({ method, path, operation }: Listed): string {
  return `<li><a href="#${operation.operationId}"><span class="method">${method}</span> <code>${escaped(path)}</code></a> ${prose(operation.summary)}</li>`;
}

function tagSection(tag: string, listed: Listed[]): string {
  const members = listed.filter(({ operation }) => operation.tags.includes(tag));
  return `<section aria-labelledby="tag-${tag}"><h2 id="tag-${tag}">${escaped(tag)}</h2>${members.map(operationArticle).join('\n')}</section>`;
}

function operationArticle({ method, path, operation }: Listed): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const bodies = Object.entries(requestBody?.content ?? {});
  return `<article aria-labelledby="${operationId}">
<h3 id="${operationId}"><span class="method">${method}</span> <code>${escaped(path)}</code></h3>
<p>${prose(summary)}.${description ? ` ${prose(description)}` : ''}</p>
${parameters ? `<h4>Parameters</h4>${table(['Name', 'In', 'Type', 'Meaning'], parameters.map(parameterRow))}` : ''}
${bodies.length > 0 ? `<h4>Body${requestBody?.required ? '' : ' (may be left out)'}</h4><p>${bodies.map(bodyType).join(' or ')}</p>` : ''}
<h4>Answers</h4>
${table(['Status', 'Body', 'Meaning'], Object.entries(responses).map(answerRow))}
</article>`;
}

function bodyType([mediaType, { schema }]: [string, { schema: JsonSchema }]): string {
  return `${typeOf(schema)}, as <code>${mediaType}</code>`;
}

function parameterRow({ name, in: where, required, schema, description = '' }: Parameter): string[] {
  return [`<code>${escaped(name)}</code>${required ? '' : ' (optional)'}`, where, typeOf(schema), prose(description)];
}

function answerRow([status, { description, content }]: [string, OperationObject['responses'][string]]): string[] {
  const [mediaType, media] = Object.entries(content ?? {})[0] ?? [];
  const shown = media
    ? `${typeOf(media.schema)}${mediaType === 'application/json' ? '' : `, <code>${mediaType}</code>`}`
    : '';
  return [status, shown, prose(description)];
}

function problemTable(): string {
  const rows = (Object.keys(problemKinds) as ProblemCode[]).map((code) => {
    const { status, title, advice } = problemKinds[code];
    return [`<code id="problem-${code}">${code}</code>`, String(status), prose(`${title}.`), prose(advice)];
  });
  return table(['Code', 'Status', 'Meaning', 'What to do'], rows);
}

function schemaSection([name, schema]: [string, JsonSchema]): string {
  const rows = Object.entries(schema.properties ?? {}).map(([field, member]) => [
    `<code>${escaped(field)}</code>${schema.required?.includes(field) ? '' : ' (optional)'}`,
    typeOf(member),
    prose(member.description ?? ''),
  ]);
  const isOpen = typeof schema.additionalProperties === 'object';
  return `<details id="schema-${name}" open><summary><strong>${escaped(name)}</strong></summary>
${schema.description ? `<p>${prose(schema.description)}</p>` : ''}
${rows.length > 0 ? table(['Field', 'Type', 'Meaning'], rows) : `<p>${typeOf(schema)}</p>`}
${isOpen ? '<p>And further fields.</p>' : ''}
</details>`;
}

/** A type as a person would say it. */
function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = escaped(schema.$ref.split('/').at(-1) ?? '');
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
  if (schema.enum) return schema.enum.map((value) => `<code>${escaped(String(value))}</code>`).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(
      ([name, member]) =>
        `<code>${escaped(name)}${schema.required?.includes(name) ? '' : '?'}</code>: ${typeOf(member)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if (schema.format === 'date-time') return 'time';
  return `${schema.type ?? 'any JSON value'}${boundsOf(schema)}`;
}

function boundsOf({ minimum, maximum, maxLength }: JsonSchema): string {
  if (maxLength !== undefined) return `, up to ${maxLength} characters`;
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  return minimum === undefined ? '' : `, from ${minimum}`;
}

function table(heads: string[], rows: string[][]): string {
  const cells = (row: string[]) => row.map((cell) => `<td>${cell}</td>`).join('');
  return `<div class="scroll"><table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table></div>`;
}

/** Text in which `…` marks code. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
