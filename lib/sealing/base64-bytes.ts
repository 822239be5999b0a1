/**
 * The bytes of canonical base64, or undefined. Node skips over what is not base64, so that many texts would stand for the
 * same bytes and an altered one could pass for the original.
 */
export function base64Bytes(text: string, length?: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text || (length !== undefined && bytes.length !== length)) return undefined;
  return bytes;
}
