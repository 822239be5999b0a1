import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';

/**
 * What CloudEvents 1.0 asks of an event in JSON format, as a list of what is broken.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md (type system, context attributes) and
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function brokenCloudEventsRules(event: Readonly<Record<string, unknown>>): string[] {
  const broken: string[] = [];
  for (const name of ['id', 'source', 'specversion', 'type']) {
    if (typeof event[name] !== 'string' || event[name] === '') broken.push(`${name} is required, a non-empty string`);
  }
  if (event['specversion'] !== '1.0') broken.push('specversion is 1.0');
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data') continue;
    if (!/^[a-z0-9]{1,20}$/.test(name)) broken.push(`${name} is no attribute name`);
    if (value === null) continue;
    if (!['string', 'boolean', 'number'].includes(typeof value)) broken.push(`${name} is of no CloudEvents type`);
    if (typeof value === 'number' && !(Number.isInteger(value) && Math.abs(value) < 2 ** 31)) broken.push(`${name} is no Integer`);
    if (typeof value === 'string' && hasDisallowedCharacter(value)) broken.push(`${name} has a character that a String may not have`);
  }
  if (!isUriReference(event['source'])) broken.push('source is a URI-reference');
  if ('subject' in event && (typeof event['subject'] !== 'string' || event['subject'] === '')) broken.push('subject is a non-empty string');
  for (const name of ['time', 'recordedtime']) {
    if (name in event && !isTimestamp(event[name])) broken.push(`${name} is an RFC 3339 timestamp`);
  }
  if ('datacontenttype' in event && !/^[\w.+-]+\/[\w.+-]+$/.test(String(event['datacontenttype'])))
    broken.push('datacontenttype is a media type');
  if ('data' in event && 'data_base64' in event) broken.push('data and data_base64 exclude each other');
  return broken;
}

/** Control characters, half surrogate pairs and noncharacters. */
function hasDisallowedCharacter(text: string): boolean {
  if (!text.isWellFormed()) return true;
  return Array.from(text, (character) => character.codePointAt(0) ?? 0).some(
    (code) => code <= 0x1f || (code >= 0x7f && code <= 0x9f) || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe,
  );
}

function isUriReference(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]+$/.test(value) && URL.canParse(value, 'https://example.com');
}

function isTimestamp(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value))
  );
}

/** What the published JSON Schema finds wrong, by an independent validator; it ignores nothing it does not understand. */
export function publishedSchemaErrors(): (value: unknown) => string[] {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  formats.default(ajv);
  const text = readFileSync(new URL('../../../docs/schemas/identity-change.v1.json', import.meta.url), 'utf8');
  const validate = ajv.compile(JSON.parse(text) as object);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`));
}
