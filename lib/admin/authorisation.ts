import { createHash, timingSafeEqual } from 'node:crypto';
import type { AdminRequest } from './admin-request.ts';

export interface Authorisation {
  isAllowed(request: AdminRequest): boolean;
  /** What a caller is told to bring: the value of `WWW-Authenticate`. */
  readonly challenge: string;
}

/** Whoever holds the token. Digests are compared, so that the time taken says nothing about the token or its length. */
export function bearerAuthorisation(token: string): Authorisation {
  const wanted = digestOf(token);
  return {
    isAllowed({ headers }) {
      const given = /^Bearer +([^ ]+) *$/i.exec(headers.get('authorization') ?? '')?.[1];
      return timingSafeEqual(digestOf(given ?? ''), wanted) && given !== undefined;
    },
    challenge: 'Bearer realm="okta-event-relay"',
  };
}

/** Whoever API Gateway let through its IAM authorizer. A route deployed without one lets nobody through. */
export function iamAuthorisation(): Authorisation {
  return { isAllowed: ({ iamCaller }) => iamCaller !== undefined, challenge: 'AWS4-HMAC-SHA256' };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
