import { dynamodbAcceptedRequests } from '#lib/dynamodb/accepted-requests.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbHeardOrgs } from '#lib/dynamodb/heard-orgs.ts';
import { dynamodbSeenHooks } from '#lib/dynamodb/seen-hooks.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { sendersContract } from './senders.contract.ts';

sendersContract('dynamodb', async () => {
  const aws = await startAwsEmulators();
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  return {
    hooks: dynamodbSeenHooks({ client, table: 'senders' }),
    heard: dynamodbHeardOrgs({ client, table: 'senders' }),
    accepted: dynamodbAcceptedRequests({ client, table: 'senders' }),
    async stop() {
      client.destroy();
      await aws.stop();
    },
  };
});
