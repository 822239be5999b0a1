import type { z } from 'zod';

/** Longest cursor we ever make is far below; anything longer is not ours. */
const maxLength = 1_024;

/** A place in a list as opaque text that fits in a query string. It is no secret and grants nothing. */
export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place, or undefined for a text that no list of ours ended with. */
export function decodeCursor<T>(text: string, schema: z.ZodType<T>): T | undefined {
  if (text.length > maxLength) return undefined;
  try {
    const place = schema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return place.success ? place.data : undefined;
  } catch {
    // JSON.parse says no more than that this is not JSON; the caller's answer is the same for every wrong cursor.
    return undefined;
  }
}
