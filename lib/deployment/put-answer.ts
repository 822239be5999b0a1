import { RelayError } from '../errors.ts';
import type { SendAnswer } from './deployment-answer.ts';

const requestTimeoutMs = 5_000;
const waitsMs = [500, 2_000];

/**
 * Puts an answer where CloudFormation's signed URL says, up to three times. Without a content type, which is part of what is signed.
 * @throws RelayError DEPLOYMENT_UNANSWERED
 */
export function putAnswer(wait: (ms: number) => Promise<void>): SendAnswer {
  async function put(url: string, body: string): Promise<string | undefined> {
    try {
      const response = await fetch(url, {
        method: 'PUT',
        headers: { 'content-type': '' },
        body: new TextEncoder().encode(body),
        redirect: 'error',
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      await response.arrayBuffer();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      // Its message holds the URL, which is a secret; its class says enough.
      return error instanceof Error ? error.name : typeof error;
    }
  }

  return async (url, body) => {
    for (const waitMs of [...waitsMs, undefined]) {
      const failure = await put(url, body);
      if (failure === undefined) return;
      if (waitMs === undefined)
        throw new RelayError('DEPLOYMENT_UNANSWERED', 'CloudFormation did not take the answer', { facts: { reason: failure } });
      await wait(waitMs);
    }
  };
}
