import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbHeardOrgs } from '#lib/dynamodb/heard-orgs.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../../local/lambda.ts';
import { headerScheme, orgWith } from '../../lib/okta/authenticity-fixtures.ts';

const hourMs = 60 * 60_000;
const acme = orgIdSchema.parse('acme');
let aws: AwsEmulators;
let handler: LambdaHandler;
let lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  aws = await startAwsEmulators();
  provideEnvironment({ ...aws.environment, METRICS_NAMESPACE: 'relay' });
  provideLogSink((line) => void lines.push(JSON.parse(line) as Record<string, unknown>));
  ({ handler } = await import('../../../functions/sweep/handler.ts'));
});
afterAll(() => aws.stop());
beforeEach(() => {
  lines = [];
});

async function heardHoursAgo(hours: number, silentAfterHours?: number): Promise<void> {
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const more = silentAfterHours === undefined ? {} : { silentAfterHours };
  await dynamodbOrgStore({ client, table: 'orgs' }).put({ ...orgWith(headerScheme('right')), ...more });
  await dynamodbHeardOrgs({ client, table: 'senders' }).hear({ org: acme, at: new Date(Date.now() - hours * hourMs) });
  client.destroy();
}
const said = () => ({
  silentOrgs: lines.find(({ function: name }) => name === 'sweep')?.['silentOrgs'],
  metric: lines.find((line) => 'SilentOrgs' in line)?.['SilentOrgs'],
});

it('names on its line an org that used to speak and is silent for a day, and counts it', async () => {
  await heardHoursAgo(25);
  await invoke('sweep', handler, {});
  expect(said()).toEqual({ silentOrgs: ['acme'], metric: 1 });
  expect(lines.find(({ function: name }) => name === 'sweep')).toMatchObject({ level: 'warn', outcome: 'done' });
});

it.each([
  ['that may be silent for longer', 25, 26],
  ['that spoke a moment ago', 0, undefined],
])('does not miss an org %s, and says that there is none', async (_name, hours, silentAfterHours) => {
  await heardHoursAgo(hours, silentAfterHours);
  await invoke('sweep', handler, {});
  expect(said()).toEqual({ silentOrgs: undefined, metric: 0 });
});

// The last one: it leaves the functions without their table of subscriptions.
it('names it also where the subscriptions cannot be read, and fails all the same', async () => {
  await heardHoursAgo(25);
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  await client.send(new DeleteTableCommand({ TableName: 'subscriptions' }));
  client.destroy();
  await expect(invoke('sweep', handler, {})).rejects.toMatchObject({ code: 'SUBSCRIPTION_STORE_UNAVAILABLE' });
  expect(said()).toEqual({ silentOrgs: ['acme'], metric: 1 });
  expect(lines.find(({ function: name }) => name === 'sweep')).toMatchObject({ errors: [{ code: 'SUBSCRIPTION_STORE_UNAVAILABLE' }] });
});
