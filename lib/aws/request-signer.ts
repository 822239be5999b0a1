import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { clientOptions, type ClientSettings } from './client-options.ts';
import { Sha256 } from './node-checksums.ts';

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Answers the headers to send: the given ones, the body's hash among those added, and the signature over all of them. */
export type SignRequest = (request: UnsignedRequest) => Promise<Record<string, string>>;

/**
 * Signature Version 4 of one service, for a request that needs no more of the SDK than that. Credentials come from where the SDK's
 * clients have theirs. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export function requestSigner(service: string, settings: ClientSettings): SignRequest {
  const { region, credentials = defaultProvider() } = clientOptions(settings);
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Sha256,
    // S3 alone takes a path as it was sent, escaped once.
    uriEscapePath: service !== 's3',
    applyChecksum: true,
  });
  return async ({ method, url, headers, body }) => {
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      // With its port, where it has one: the signature covers what is sent.
      headers: { ...headers, host: url.host },
      body,
    });
    return signed.headers;
  };
}
