import { AwsFailure } from './aws-failure.ts';
import { clientOptions, type ClientSettings } from './client-options.ts';
import { requestSigner, type UnsignedRequest } from './request-signer.ts';

/**
 * Sends one request and answers the body of a success.
 * @throws AwsFailure, or what broke the exchange off, after the last try
 */
export type SignedCall = (request: UnsignedRequest, limits?: CallLimits) => Promise<string>;

export interface CallLimits {
  /** For each try, where it is not the client's. */
  readonly timeoutMs?: number | undefined;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

/** Before a second try: what is overloaded gets a moment. */
const waitMs = 100;

/**
 * One service of AWS for the call or two that the relay makes there: signed, with the timeout and the tries of every other client, and
 * without the SDK's client for it, which knows all its other calls as well. Every call must be one that may be made twice.
 */
export function signedCall(service: string, settings: ClientSettings): SignedCall {
  const { maxAttempts, requestHandler } = clientOptions(settings);
  const sign = requestSigner(service, settings);

  async function callOnce(request: UnsignedRequest, { timeoutMs = requestHandler.requestTimeout, signal }: CallLimits): Promise<string> {
    // Signed at each try, for a signature has the time in it. fetch makes the host header itself.
    const { host: _, ...headers } = await sign(request);
    const answer = await fetch(request.url, {
      method: request.method,
      headers,
      // A copy, for it may be a view of memory that is shared, which fetch refuses.
      body: Uint8Array.from(request.body),
      // The signature would not hold elsewhere.
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
    });
    const text = await answer.text();
    if (!answer.ok) throw new AwsFailure({ status: answer.status, body: text, queryError: answer.headers.get('x-amzn-query-error') });
    return text;
  }

  return async (request, limits = {}) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await callOnce(request, limits);
      } catch (error) {
        if (attempt >= maxAttempts || limits.signal?.aborted === true || (error instanceof AwsFailure && !error.mayPass)) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  };
}

/** The region's own endpoint of a service. China has a domain of its own. */
export function serviceHost(service: string, region: string): string {
  return `${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
