import type { ClientSettings } from '../aws/client-options.ts';
import { serviceHost, signedCall } from '../aws/signed-call.ts';

export interface S3Object {
  readonly bucket: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** All that the relay asks of S3. */
export interface S3Client {
  /** Ends when S3 has the object. Its hash is part of the signature: S3 keeps what was sent, or refuses. @throws AwsFailure */
  put(object: S3Object): Promise<void>;
}

/** S3 for one call. The SDK's client would be 140 KB in every function that may have to quarantine something. */
export function s3Client(settings: ClientSettings): S3Client {
  const call = signedCall('s3', settings);
  return {
    async put({ bucket, key, body, contentType }) {
      await call({ method: 'PUT', url: objectUrl({ bucket, key }, settings), headers: { 'content-type': contentType }, body });
    },
  };
}

/** A bucket is a sub-domain in AWS, unless it has dots, which no certificate covers; 127.0.0.1 has no sub-domains. */
function objectUrl({ bucket, key }: { bucket: string; key: string }, { region, endpoint }: ClientSettings): URL {
  const host = serviceHost('s3', region);
  const path = key.split('/').map(escaped).join('/');
  if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/$/, '')}/${bucket}/${path}`);
  return new URL(bucket.includes('.') ? `https://${host}/${bucket}/${path}` : `https://${bucket}.${host}/${path}`);
}

/** RFC 3986, as signatures want it: encodeURIComponent leaves a few characters as they are. */
function escaped(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
