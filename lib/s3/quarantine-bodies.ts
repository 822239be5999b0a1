import { RelayError } from '../errors.ts';
import type { QuarantineBodies } from '../quarantine/stored-quarantine.ts';
import type { S3Client } from './client.ts';

/** Name of an entry's body in the bucket. */
export function quarantineBodyKey(id: string): string {
  return `bodies/${id}`;
}

/**
 * Quarantined bodies in S3, encrypted at rest by the bucket's own default (SSE-KMS), which a request must not override. The bucket's lifecycle rule deletes them with their entries
 * (`quarantineRetentionDays`).
 */
export function s3QuarantineBodies({ client, bucket }: { client: S3Client; bucket: string }): QuarantineBodies {
  return {
    async put({ id, body }) {
      // Opened in a browser it must be bytes, whatever a sender wrote into it.
      const object = { bucket, key: quarantineBodyKey(id), body, contentType: 'application/octet-stream' };
      await client.put(object).catch((cause: unknown) => {
        throw new RelayError('QUARANTINE_UNAVAILABLE', 'S3 did not take a quarantined body', {
          facts: { operation: 'PutObject', reason: cause instanceof Error ? cause.name : typeof cause },
          cause,
        });
      });
    },
  };
}
