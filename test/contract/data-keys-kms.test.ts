import { kmsDataKeys } from '#lib/kms/kms-data-keys.ts';
import { startKmsStandIn } from '../lib/kms/kms-stand-in.ts';
import { dataKeysContract } from './data-keys.contract.ts';

dataKeysContract('kms', async () => {
  const kms = await startKmsStandIn();
  const keys = () => kmsDataKeys({ region: 'us-east-1', endpoint: kms.endpoint, keyId: kms.keyId });
  return { keys: keys(), again: keys(), stop: () => kms.stop() };
});
