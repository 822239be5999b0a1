import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgRegistry } from '#lib/dynamodb/org-registry.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { orgRegistryContract } from './org-registry.contract.ts';

orgRegistryContract('dynamodb', async () => {
  const aws = await startAwsEmulators();
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  return {
    registry: dynamodbOrgRegistry({ client, table: 'orgs' }),
    async stop() {
      client.destroy();
      await aws.stop();
    },
  };
});
