import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { clientOptions } from '#lib/aws/client-options.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { quarantineBodyKey, s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { quarantineContract } from './quarantine.contract.ts';

quarantineContract('s3-dynamodb', async () => {
  const aws = await startAwsEmulators();
  const dynamodb = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const s3 = { region: localRegion, endpoint: aws.s3Url };
  // Reads back, by the SDK, what the relay's own client has put.
  const reader = new S3Client({ ...clientOptions(s3), forcePathStyle: true });
  // Near midnight, so that a clock that is ahead writes into the next day.
  const now = new Date('2026-11-21T23:45:00.000Z');
  const index = dynamodbQuarantineIndex({ client: dynamodb, table: 'quarantine', now: () => now });
  return {
    quarantine: storedQuarantine({ bodies: s3QuarantineBodies({ client: s3Client(s3), bucket: 'quarantine' }), index }),
    index,
    now,
    async bodyOf(id) {
      try {
        const { Body } = await reader.send(new GetObjectCommand({ Bucket: 'quarantine', Key: quarantineBodyKey(id) }));
        return await Body?.transformToByteArray();
      } catch (error) {
        // Nothing kept under this id is an answer here.
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async stop() {
      dynamodb.destroy();
      reader.destroy();
      await aws.stop();
    },
  };
});
