import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { headerScheme, orgWith, sealedAs } from '../okta/authenticity-fixtures.ts';

let aws: AwsEmulators;
beforeAll(async () => {
  aws = await startAwsEmulators();
});
afterAll(() => aws.stop());

const client = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
const store = () => dynamodbOrgStore({ client: client(), table: 'orgs' });
const acme = orgWith(headerScheme('one', 'two'), { kind: 'hmac', secrets: [sealedAs('s')] });

describe('orgs in DynamoDB', () => {
  it('are found as they were put', async () => {
    await store().put(acme);
    expect(await store().find(acme.id)).toEqual(acme);
  });

  it('are replaced as a whole', async () => {
    await store().put(acme);
    const other = orgWith(headerScheme('three'));
    await store().put(other);
    expect(await store().find(acme.id)).toEqual(other);
  });

  it('are undefined when not known', async () => {
    expect(await store().find(orgIdSchema.parse('nobody'))).toBeUndefined();
  });

  it.each(['{', '{}', '{"id":"broken","hosts":[],"authentication":[]}'])(
    'stored as %s count as out of reach, not as unknown',
    async (org) => {
      await client().send(new PutItemCommand({ TableName: 'orgs', Item: { id: { S: 'broken' }, org: { S: org } } }));
      await expect(store().find(orgIdSchema.parse('broken'))).rejects.toMatchObject({ code: 'ORG_STORE_UNAVAILABLE' });
    },
  );

  it('are out of reach without the table, and without the server', async () => {
    await expect(dynamodbOrgStore({ client: client(), table: 'absent' }).find(acme.id)).rejects.toMatchObject({
      code: 'ORG_STORE_UNAVAILABLE',
      facts: { reason: 'ResourceNotFoundException' },
    });
    const nowhere = dynamodbOrgStore({ client: dynamodbClient({ region: localRegion, endpoint: 'http://127.0.0.1:9' }), table: 'orgs' });
    await expect(nowhere.put(acme)).rejects.toMatchObject({ code: 'ORG_STORE_UNAVAILABLE' });
  });
});
