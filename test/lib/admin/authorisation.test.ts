import { describe, expect, it } from 'vitest';
import { bearerAuthorisation } from '#lib/admin/authorisation.ts';
import type { AdminRequest } from '#lib/admin/admin-request.ts';

const request = (headers: Record<string, string>): AdminRequest => ({
  method: 'GET',
  path: '/v1/subscriptions',
  query: new URLSearchParams(),
  headers: new Map(Object.entries(headers)),
  body: new Uint8Array(),
  sentAtMs: 0,
});

describe('bearerAuthorisation', () => {
  it('lets nobody through without a token, not even if the token were empty', () => {
    const { isAllowed } = bearerAuthorisation('');
    for (const headers of [{}, { authorization: '' }, { authorization: 'Bearer' }, { authorization: 'Bearer ' }])
      expect(isAllowed(request(headers))).toBe(false);
  });
});
