import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgRegistry } from '#lib/dynamodb/org-registry.ts';
import { seedOrgs } from '#lib/dynamodb/org-seed.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { orgIdSchema, type Org } from '#lib/okta/org.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { headerScheme, orgWith } from '../okta/authenticity-fixtures.ts';

let aws: AwsEmulators;
beforeAll(async () => {
  aws = await startAwsEmulators();
});
afterAll(() => aws.stop());

const client = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
const org = (id: string, more: Partial<Org> = {}): Org => ({ ...orgWith(headerScheme('secret')), id: orgIdSchema.parse(id), ...more });
const seed = (...orgs: Org[]) => seedOrgs(client(), { table: 'orgs', orgs });
const ids = async () => {
  const { Items = [] } = await client().send(new ScanCommand({ TableName: 'orgs' }));
  return Items.map((item) => item['id']?.S).toSorted();
};
const find = (id: string) => dynamodbOrgStore({ client: client(), table: 'orgs' }).find(orgIdSchema.parse(id));

beforeEach(async () => {
  const registry = dynamodbOrgRegistry({ client: client(), table: 'orgs' });
  for (const id of await ids()) {
    const stored = await registry.find(orgIdSchema.parse(id));
    await registry.remove(orgIdSchema.parse(id), stored?.revision ?? '');
  }
});

it('takes out what flags and file name no more, and replaces what they name', async () => {
  await seed(org('acme'), org('beta'));
  await seed(org('acme', { hosts: ['new.okta.com'] }), org('gamma'));
  expect(await ids()).toEqual(['acme', 'gamma']);
  expect(await find('acme')).toMatchObject({ hosts: ['new.okta.com'], madeBy: 'start' });
});

it('leaves orgs of the API as they are, start after start', async () => {
  const made = org('mine', { madeBy: 'api', status: 'disabled' });
  await dynamodbOrgRegistry({ client: client(), table: 'orgs' }).create(made);
  for (let start = 0; start < 3; start += 1) await seed(org('acme'));
  expect(await find('mine')).toEqual(made);
});

it('takes nothing from either when flags name an org of the API, and says what to do', async () => {
  await seed(org('acme'));
  await dynamodbOrgRegistry({ client: client(), table: 'orgs' }).create(org('mine', { madeBy: 'api' }));
  await expect(seed(org('mine'), org('acme', { hosts: ['new.okta.com'] }))).rejects.toMatchObject({
    code: 'LOCAL_START_FAILED',
    message: expect.stringContaining('The org mine was made through the API'),
  });
  expect(await find('mine')).toMatchObject({ madeBy: 'api' });
  expect(await find('acme')).toMatchObject({ hosts: ['acme.okta.com', 'login.acme.example.com'] });
});

it('replaces what an earlier version left without saying who made it', async () => {
  await dynamodbOrgStore({ client: client(), table: 'orgs' }).put(org('old'));
  await seed(org('acme'));
  expect(await ids()).toEqual(['acme']);
});
