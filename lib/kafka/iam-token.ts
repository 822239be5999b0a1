import type { GenerateAuthTokenFromCredentialOptions } from 'aws-msk-iam-sasl-signer-js';

/** Answers kafkajs's question for a SASL OAUTHBEARER token. */
export type TokenProvider = () => Promise<{ value: string }>;

/**
 * Tokens for MSK's IAM authentication: a signed URL in base64url, valid for 15 minutes at most. Signing needs no network.
 * @param credentials where the AWS credentials come from; the SDK's default chain when absent
 */
export function iamTokenProvider(
  region: string,
  credentials?: GenerateAuthTokenFromCredentialOptions['awsCredentialsProvider'],
): TokenProvider {
  return async () => {
    // Loaded when first needed: a relay on a broker without authentication never pays for it.
    const signer = await import('aws-msk-iam-sasl-signer-js');
    const { token } =
      credentials === undefined
        ? await signer.generateAuthToken({ region })
        : await signer.generateAuthTokenFromCredentialsProvider({ region, awsCredentialsProvider: credentials });
    return { value: token };
  };
}
