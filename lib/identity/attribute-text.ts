import { createHash } from 'node:crypto';

/** Room for any id a system gives out; keeps a state key of two ids under DynamoDB's 1,024-byte sort key. */
const maxLength = 256;
const plain = /^[A-Za-z0-9._~:@-]+$/;
const special = /[^A-Za-z0-9._~:@-]/gu;

/**
 * Okta's text in a form that any CloudEvents attribute, Kafka key, HTTP header or path segment can carry.
 *
 * Okta ids, uuids and event types come through as they are. Anything else is percent-encoded: control characters, half
 * surrogate pairs and the like are forbidden in CloudEvents attributes, and `/` would make one state key of two. What is
 * longer than 256 characters then becomes `sha256=<64 hex digits>`. Two different texts never become one: `%` and `=`
 * themselves are always encoded.
 */
export function attributeText(text: string): string {
  if (text.length <= maxLength) {
    const encoded = plain.test(text) ? text : text.replace(special, percentEncoded);
    if (encoded.length <= maxLength) return encoded;
  }
  // UTF-16 and not UTF-8, in which every half surrogate pair would turn into the same replacement character.
  return `sha256=${createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex')}`;
}

function percentEncoded(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Half a surrogate pair has no UTF-8 form; its three bytes by the same arithmetic occur in no valid UTF-8 text.
  const bytes = character.isWellFormed()
    ? Buffer.from(character)
    : [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
