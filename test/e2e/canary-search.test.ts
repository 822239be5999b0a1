import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { tables, type TableName } from '#lib/dynamodb/tables.ts';
import { changeTopic } from '#lib/intake/change-log.ts';
import { topics } from '#lib/kafka/topics.ts';
import { s3Client } from '#lib/s3/client.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { SendMessageCommand } from '#lib/sqs/commands.ts';
import { queues } from '#lib/sqs/queues.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../local/aws-emulators.ts';
import { openEmbeddedLog } from '../../local/embedded-log/embedded-log.ts';
import { scratchFolder } from '../support/relay-process.ts';
import { spellingsOf } from './canary-spellings.ts';
import { placesWith, storedFiles, storedItems, storedMessagesAndObjects, storedRecords, type Stored } from './everything-stored.ts';

/** A leak in each place, each spelled differently, so that one cannot be found in the place of another. */
const leakIn = (place: string): string => `leak "${place}" €1d7f`;
const scratch = scratchFolder();
const dataDir = join(scratch.path, 'state');
const places: string[] = [];
let aws: AwsEmulators;
let stored: readonly Stored[];

beforeAll(async () => {
  mkdirSync(dataDir);
  aws = await startAwsEmulators({ dataDir });
  await leakIntoTables();
  await leakIntoQueues();
  places.push('bucket quarantine');
  const s3 = s3Client({ region: localRegion, endpoint: aws.s3Url });
  const body = Buffer.from(JSON.stringify({ body: leakIn('bucket quarantine') }));
  await s3.put({ bucket: 'quarantine', key: 'bodies/1', body, contentType: 'application/octet-stream' });
  await leakIntoLog();
  appendFileSync(join(dataDir, 'relay.log'), `${JSON.stringify({ message: leakIn('relay.log') })}\n`);
  stored = [...(await storedItems(aws)), ...storedMessagesAndObjects(dataDir), ...(await storedRecords(dataDir)), ...storedFiles(dataDir)];
});
afterAll(async () => {
  await aws.stop();
  scratch.remove();
});

/** Each table has it in another form of attribute. */
async function leakIntoTables(): Promise<void> {
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const forms: ((text: string) => AttributeValue)[] = [
    (text) => ({ S: JSON.stringify({ name: text }) }),
    (text) => ({ B: gzipSync(JSON.stringify({ name: text })) }),
    (text) => ({ L: [{ M: { name: { S: text } } }] }),
    (text) => ({ M: { [text]: { NULL: true } } }),
    (text) => ({ SS: [text] }),
    (text) => ({ BS: [Buffer.from(text)] }),
    (text) => ({ B: Buffer.from(JSON.stringify({ body: JSON.stringify({ text }) })) }),
    (text) => ({ S: Buffer.from(`x${text}`).toString('base64') }),
  ];
  for (const [index, table] of (Object.keys(tables) as TableName[]).entries()) {
    const { partitionKey, sortKey } = tables[table] as { partitionKey: string; sortKey?: string };
    const keys = { [partitionKey]: { S: 'a' }, ...(sortKey === undefined ? {} : { [sortKey]: { S: 'b' } }) };
    // More than a page of a scan, so that the leak is not on the first one.
    for (const page of ['1', '2'])
      await client.send(new PutItemCommand({ TableName: table, Item: { ...keys, [partitionKey]: { S: page }, filler: { S: 'x'.repeat(350_000) } } })); // prettier-ignore
    const form = forms[index % forms.length]!;
    await client.send(new PutItemCommand({ TableName: table, Item: { ...keys, leaked: form(leakIn(`table ${table}`)) } }));
    places.push(`table ${table}`);
  }
  client.destroy();
}

async function leakIntoQueues(): Promise<void> {
  const client = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const urls = [aws.deliveriesQueueUrl, aws.changeSpoolQueueUrl, aws.replaysQueueUrl, aws.replayDeliveriesQueueUrl];
  for (const { name } of Object.values(queues)) {
    const value = Buffer.from(JSON.stringify({ name: leakIn(`queue ${name}`) })).toString('base64');
    const QueueUrl = urls.find((url) => url.endsWith(`/${name}`));
    const MessageBody = JSON.stringify({ v: 1, records: [{ value }] });
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'group', MessageDeduplicationId: 'one' }));
    places.push(`queue ${name}`);
  }
}

async function leakIntoLog(): Promise<void> {
  const log = await openEmbeddedLog({ dir: join(dataDir, 'log'), topic: changeTopic, partitions: topics[changeTopic].partitions });
  const value = Buffer.from(JSON.stringify({ name: leakIn(`topic ${changeTopic}`) }));
  await log.append([{ key: 'acme:a', value, headers: { name: leakIn('header') } }], { budgetMs: 5_000 });
  await log.close();
  places.push(`topic ${changeTopic}`);
}

describe('the search for canaries', () => {
  it('finds a leak in each kind of place, and where it is', () => {
    expect(places.length).toBe(Object.keys(tables).length + Object.keys(queues).length + 2);
    const found = places.map((place) => placesWith(spellingsOf(leakIn(place)), stored).filter((at) => !at.startsWith('file ')));
    expect(found).toEqual(places.map((place) => [place]));
  });

  it('finds a leak in the headers of a record and in a file', () => {
    expect(placesWith(spellingsOf(leakIn('header')), stored)).toContain(`topic ${changeTopic}`);
    expect(placesWith(spellingsOf(leakIn('relay.log')), stored)).toEqual([`file ${join(dataDir, 'relay.log')}`]);
  });

  it('finds nothing that is nowhere', () => {
    expect(placesWith(spellingsOf(leakIn('nowhere')), stored)).toEqual([]);
    expect(stored.length).toBeGreaterThan(3 * places.length - 20);
  });
});

describe('the spellings of a canary', () => {
  const canary = 'whsec_+/Zm9vL2Jhcj8+YmF6IHF1eCBxdXV4IGNvcmdl';
  const bytes = Buffer.from(canary.slice(6), 'base64');
  const person = 'Canáry "Person" <31f0>';
  it.each<[string, string, string | Buffer]>([
    ['as it is', canary, `Bearer ${canary}`],
    ['without its prefix', canary, canary.slice(6)],
    ['its bytes', canary, Buffer.concat([Buffer.from('x'), bytes])],
    ['its bytes in hex', canary, `key=${bytes.toString('hex')}`],
    ['its bytes for URLs', canary, bytes.toString('base64url')],
    ['in base64 of a whole, one byte in', canary, Buffer.from(`a${canary}b`).toString('base64')],
    ['in base64 of a whole, two bytes in', canary, Buffer.from(`ab${canary}bcd`).toString('base64')],
    ['in base64 of a whole, three bytes in', canary, Buffer.from(`abc${canary}`).toString('base64')],
    ['in capitals', canary, canary.toUpperCase()],
    ['in JSON', person, JSON.stringify({ person })],
    ['in JSON within JSON', person, JSON.stringify({ body: JSON.stringify({ person }) })],
    ['in JSON of ASCII', person, String.raw`{"person":"Can\u00e1ry \"Person\" <31f0>"}`],
    ['in a query', person, `?q=${encodeURIComponent(person)}`],
    ['in a form', person, new URLSearchParams({ q: person }).toString()],
    ['in XML', person, 'Canáry &quot;Person&quot; &lt;31f0>'],
    ['in small letters', person, person.toLowerCase()],
    ['in base64 for URLs', person, Buffer.from(`{"a":"${person}"}`).toString('base64url')],
  ])('are found %s', (_, value, text) => {
    const content = Buffer.from(text);
    expect(placesWith(spellingsOf(value), [{ place: 'there', content }])).toEqual(['there']);
  });

  it('are none of the half of a value', () => {
    expect(placesWith(spellingsOf(person), [{ place: 'there', content: Buffer.from('Canáry') }])).toEqual([]);
  });
});
