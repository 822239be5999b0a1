import * as z from 'zod';
import type { QuarantineRow } from '../quarantine/quarantine.ts';
import type { AdminCall } from './admin-call.ts';
import { badCursor, readQuery } from './query.ts';

/** An org's id, or `unknown` for inputs that did not say whose they are. */
const parameters = {
  org: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be an org id, or `unknown`')
    .optional(),
};

export const listQuarantineCall: AdminCall = async ({ request }, { quarantine }) => {
  const query = readQuery(request.query, parameters);
  if (query.kind === 'invalid') return query;
  const page = await quarantine.list(query.value);
  if (page.kind === 'bad-cursor') return badCursor;
  return { kind: 'found', body: { data: page.data.map(rowView), nextCursor: page.nextCursor } };
};

function rowView({ id, org, reason, detail, receivedAt, size }: QuarantineRow): object {
  return { id, org, reason, detail, receivedAt, size };
}
