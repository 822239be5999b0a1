import { S3Client } from '@aws-sdk/client-s3';
import { clientOptions, type ClientSettings } from '../aws/client-options.ts';

export function s3Client(settings: ClientSettings): S3Client {
  // A bucket is a sub-domain in AWS; 127.0.0.1 has none.
  return new S3Client({ ...clientOptions(settings), forcePathStyle: settings.endpoint !== undefined });
}
