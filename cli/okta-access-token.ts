import * as z from 'zod';

/** Answer of the token endpoint, RFC 6749 5.1. It goes into a header. */
export const accessTokenSchema = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/) });
