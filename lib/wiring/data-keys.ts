import { configError } from '../config/read-config.ts';
import { kmsDataKeys } from '../kms/kms-data-keys.ts';
import type { DataKeys } from '../sealing/data-keys.ts';
import { localDataKeys } from '../sealing/local-data-keys.ts';

/**
 * The keys that seal secrets, as the settings choose: KMS in AWS, the key file in local mode.
 * @throws RelayError CONFIG_INVALID when none or both are set, or the key file is no key
 */
export function dataKeys(config: {
  readonly AWS_REGION: string;
  readonly SECRETS_KEY_ID: string | undefined;
  readonly SECRETS_KEY_FILE: string | undefined;
}): DataKeys {
  const { AWS_REGION: region, SECRETS_KEY_ID: keyId, SECRETS_KEY_FILE: keyFile } = config;
  if (keyId !== undefined && keyFile === undefined) return kmsDataKeys({ region, keyId });
  if (keyFile !== undefined && keyId === undefined) return localDataKeys(keyFile);
  throw configError([
    'Exactly one of SECRETS_KEY_ID and SECRETS_KEY_FILE must be set (e.g. SECRETS_KEY_ID=arn:aws:kms:eu-central-1:123456789012:key/1a2b3c4d-0000-4000-8000-000000000000)',
  ]);
}
