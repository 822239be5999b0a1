import { environmentVariable } from '../config/environment.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * AWS credentials where Lambda puts them: its reserved environment variables, good for as long as the environment lives.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 *
 * Stands in bundles where the SDK looks them up (scripts/bundles/stand-ins.ts), under the names by which it asks for them. All else that it
 * could ask, like profiles, single sign-on, token files or the metadata service, is not there in Lambda, and would be a fifth of a bundle.
 */
function lambdaCredentials(): () => Promise<Credentials> {
  return () => {
    const accessKeyId = environmentVariable('AWS_ACCESS_KEY_ID');
    const secretAccessKey = environmentVariable('AWS_SECRET_ACCESS_KEY');
    const sessionToken = environmentVariable('AWS_SESSION_TOKEN');
    if (accessKeyId === undefined || secretAccessKey === undefined) return Promise.reject(new CredentialsNotGiven());
    return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
  };
}

/** Goes through the SDK and is translated where its errors are: by the vendor's folder that made the call. */
class CredentialsNotGiven extends Error {
  override readonly name = 'CredentialsProviderError';
  override readonly message = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set';
}

/** As in @aws-sdk/credential-provider-node. */
export { lambdaCredentials as defaultProvider };
/** As in @aws-sdk/credential-providers. */
export { lambdaCredentials as fromNodeProviderChain };
