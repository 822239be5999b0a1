import * as z from 'zod';
import type { ClientSettings } from '../aws/client-options.ts';
import { serviceHost, signedCall } from '../aws/signed-call.ts';

const bytes = z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64'));
const answer = z.object({ KeyId: z.string().optional(), Plaintext: bytes.optional(), CiphertextBlob: bytes.optional() });

export type KmsAnswer = z.infer<typeof answer>;
/** Bytes are given in base64. @throws AwsFailure, or what broke the exchange off, or an Error when the answer is none of KMS's */
export type KmsCall = (operation: 'GenerateDataKey' | 'Decrypt', input: object) => Promise<KmsAnswer>;

/**
 * Two calls of KMS in its JSON protocol. The SDK's client would be 30 KB in every function that opens secrets.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
export function kmsCall(settings: ClientSettings): KmsCall {
  const call = signedCall('kms', settings);
  const url = new URL(settings.endpoint ?? `https://${serviceHost('kms', settings.region)}/`);
  return async (operation, input) => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` };
    const text = await call({ method: 'POST', url, headers, body: Buffer.from(JSON.stringify(input)) });
    return answer.parse(parsed(text));
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which may hold the beginning of a key.
    throw new Error('the answer of KMS is no JSON');
  }
}
