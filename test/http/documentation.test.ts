import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fieldLimits } from '../../lib/http/contract/limits.ts';
import { problemKinds } from '../../lib/http/contract/problem.ts';
import { routeEntries } from '../../lib/http/contract/routes.ts';
import type { OpenApiDocument } from '../../lib/http/openapi.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { createAsked } from './ask.ts';

async function openApi(token?: string): Promise<OpenApiDocument> {
  const { ask } = createAsked(token === undefined ? {} : { token });
  return (await (await ask('GET /openapi.json')).json()) as OpenApiDocument;
}

describe('GET /openapi.json', () => {
  test('is an OpenAPI 3.1 document', async () => {
    const document = await openApi();
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Pawl', version: expect.any(String) });
  });

  test('lists every route that the app knows', async () => {
    const { paths } = await openApi();
    const listed = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(listed.sort()).toEqual(routeEntries.map(([, { method, path }]) => `${method.toLowerCase()} ${path}`).sort());
    expect(listed).toHaveLength(28);
  });

  test('every operation has its own id, a summary, and the parameters of its path', async () => {
    const { paths } = await openApi();
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.values(item).map((one) => ({ path, ...one })),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, summary, parameters = [], responses } of operations) {
      expect(summary).not.toBe('');
      expect(Object.keys(responses)[0]).toMatch(/^20\d$/);
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
  });

  test('every reference leads to a schema, and every schema is referred to', async () => {
    const document = await openApi();
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    const unreferred = Object.keys(document.components.schemas).filter((name) => !referred.delete(name));
    expect([...referred]).toEqual([]);
    // The last message of an event stream: OpenAPI cannot say where it stands.
    expect(unreferred).toEqual(['EndOfStream']);
    expect(text).not.toMatch(/\$id|\$schema/);
  });

  test('every error is problem details', async () => {
    const { paths } = await openApi();
    const errors = Object.values(paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([status, { content }]) => Number(status) >= 400 && !content?.['application/json']);
    expect(errors.length).toBeGreaterThan(50);
    for (const [, { content }] of errors) expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
  });

  test('requests are exact, answers may grow', async () => {
    const { components } = await openApi();
    expect(components.schemas.StartRun?.additionalProperties).toBe(false);
    expect(components.schemas.Run?.additionalProperties).toBeUndefined();
  });

  test('says which routes want the token, if there is one', async () => {
    const open = await openApi();
    expect(open.paths['/v1/runs']?.get?.security).toEqual([]);
    const { paths, components } = await openApi('t');
    expect(components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } });
    const wants = Object.fromEntries(
      Object.values(paths).flatMap((item) => Object.values(item).map((one) => [one.operationId, one.security])),
    );
    expect(wants).toMatchObject({ startRun: [{ token: [] }], health: [{}, { token: [] }], answerCallback: [] });
  });
});

describe('GET /docs', () => {
  const page = async () => {
    const { ask } = createAsked();
    const answer = await ask('GET /docs');
    return { answer, html: await answer.text() };
  };

  test('lists every route and every problem', async () => {
    const { html } = await page();
    for (const [operation, { path }] of routeEntries) {
      expect(html).toContain(`id="${operation}"`);
      expect(html).toContain(`<code>${path}</code>`);
    }
    for (const code of Object.keys(problemKinds)) expect(html).toContain(`id="problem-${code}"`);
  });

  test('every link leads somewhere on the page, or to the document', async () => {
    const { html } = await page();
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `#${id}`));
    const links = [...html.matchAll(/ href="([^"]+)"/g)].map(([, href]) => href ?? '');
    expect(links.filter((href) => !ids.has(href))).toEqual(['openapi.json']);
  });

  test('has no script, loads nothing, and its policy would not let it', async () => {
    const { answer, html } = await page();
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=|javascript:|https?:/i);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|script-src/);
  });

  test('its one style is the one that the policy names', async () => {
    const { answer, html } = await page();
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    const digest = createHash('sha256').update(style).digest('base64');
    expect(answer.headers.get('content-security-policy')).toContain(`style-src 'sha256-${digest}'`);
    expect(html).not.toContain(' style=');
  });
});

test('the contract’s limits are the kernel’s where both have one', () => {
  expect(fieldLimits.name).toBe(defaultLimits.nameChars);
  expect(fieldLimits.errorMessage).toBe(defaultLimits.errorChars);
});
