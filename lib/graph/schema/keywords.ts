/** What may stand behind each keyword of a JSON Schema (2020-12). */
export type KeywordValue =
  | 'schema'
  | 'schemas'
  | 'schemaMap'
  | 'types'
  | 'text'
  | 'texts'
  | 'textsMap'
  | 'values'
  | 'anything'
  | 'truth'
  | 'number'
  | 'positive'
  | 'count'
  | 'pattern'
  | 'reference';

export const keywords: Record<string, KeywordValue> = {
  $schema: 'text',
  $comment: 'text',
  $ref: 'reference',
  $defs: 'schemaMap',
  definitions: 'schemaMap',
  title: 'text',
  description: 'text',
  default: 'anything',
  examples: 'values',
  deprecated: 'truth',
  readOnly: 'truth',
  writeOnly: 'truth',
  type: 'types',
  enum: 'values',
  const: 'anything',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  not: 'schema',
  if: 'schema',
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: 'schema',
  else: 'schema',
  properties: 'schemaMap',
  additionalProperties: 'schema',
  unevaluatedProperties: 'schema',
  propertyNames: 'schema',
  required: 'texts',
  dependentRequired: 'textsMap',
  dependentSchemas: 'schemaMap',
  minProperties: 'count',
  maxProperties: 'count',
  items: 'schema',
  prefixItems: 'schemas',
  unevaluatedItems: 'schema',
  contains: 'schema',
  minContains: 'count',
  maxContains: 'count',
  minItems: 'count',
  maxItems: 'count',
  uniqueItems: 'truth',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'positive',
  minLength: 'count',
  maxLength: 'count',
  pattern: 'pattern',
  format: 'text',
  contentEncoding: 'text',
  contentMediaType: 'text',
};

/** Keywords of JSON Schema that are known and not supported, with what to do instead. */
export const unsupportedKeywords: Record<string, string> = {
  patternProperties: 'name the fields in "properties", or use "propertyNames" with "additionalProperties"',
  $id: 'refer to parts of the schema by "#/$defs/…"',
  $anchor: 'refer to parts of the schema by "#/$defs/…"',
  $dynamicRef: 'use "$ref"',
  $dynamicAnchor: 'use "$ref"',
  $recursiveRef: 'use "$ref"',
  $recursiveAnchor: 'use "$ref"',
  additionalItems: 'use "prefixItems" with "items"',
  dependencies: 'use "dependentRequired" or "dependentSchemas"',
};

export const typeNames = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/** Keywords whose schemas are for the same value as the schema itself. */
export const inPlace = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas']);
