import * as z from 'zod';
import type { HttpRequest } from '../http/request.ts';
import { fieldProblemsOf } from '../subscriptions/field-problems.ts';
import { objectOf } from '../subscriptions/field-words.ts';
import type { AdminOutcome } from './admin-outcome.ts';
import { readJsonBody, type JsonBody } from './json-body.ts';
import { readQuery } from './query.ts';

type Sent = Pick<HttpRequest, 'headers' | 'body' | 'query'>;
type Invalid = Extract<AdminOutcome, { kind: 'invalid' }>;

/** The body of a call without parameters. One that is not `required` can be left out, content type and all: it is an object without fields then. */
export function readCallBody(request: Sent, { required }: { readonly required: boolean }): JsonBody | Invalid {
  const query = readQuery(request.query, {});
  if (query.kind === 'invalid') return query;
  return request.body.byteLength === 0 && !required ? { kind: 'read', value: {} } : readJsonBody(request);
}

/** Undefined for a call that brings nothing, which is all there is to bring; else what it is answered. `what`: for the caller, e.g. `a test`. */
export function refuseFields(request: Sent, what: string): Exclude<JsonBody, { kind: 'read' }> | Invalid | undefined {
  const body = readCallBody(request, { required: false });
  if (body.kind !== 'read') return body;
  const parsed = z.strictObject({}, objectOf(what)).safeParse(body.value);
  return parsed.success ? undefined : { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
}
