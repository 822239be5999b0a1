import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { startAwsEmulators } from '../../local/aws-emulators.ts';
import { admin, eventually, hookBody, logEvent, postHookTaken } from '../support/relay-client.ts';
import { adminToken, freePort, hookSecret, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import type { ServedKey, SignedWebhook } from '../support/signature-verifiers.ts';
import {
  cast,
  configured,
  echoed,
  named,
  names,
  ownSecret,
  person,
  presented,
  quoted,
  registered,
  rotated,
  type CanarySubscription,
  type CastName,
} from './canary-cast.ts';
import { leaveWaiting } from './canary-queues.ts';
import { startCanaryReceiver, type CanaryReceiver } from './canary-receiver.ts';
import { storedFiles, storedItems, storedMessagesAndObjects, storedRecords, type Stored, type StoredItem } from './everything-stored.ts';

export interface CanaryRun {
  readonly subscriptions: Readonly<Record<CastName, CanarySubscription>>;
  /** Hook secrets that the relay made: of each org the first and the one that it was rotated to. */
  readonly hookSecrets: Readonly<Record<'header' | 'basic' | 'hmac', readonly string[]>>;
  received(name: CastName): readonly SignedWebhook[];
  /** Everything the admin API answered, but for the secrets it told. */
  readonly answers: readonly string[];
  /** What was printed, and every line of a function. */
  readonly logs: string;
  readonly items: readonly StoredItem[];
  /** Queues, bucket and topic. */
  readonly messages: readonly Stored[];
  /** The state folder as the killed relay left it, and at the end. */
  readonly files: readonly Stored[];
}

/** Runs a relay with a secret and a name wherever one can be given to it, kills it, lets more of it wait in the queues, and looks at all that is there. */
export async function runWithCanaries(folder: string): Promise<CanaryRun> {
  const dataDir = join(folder, 'state');
  const receiver = await startCanaryReceiver(echoed);
  const relay = await startRelayProcess({ dataDir, port: await freePort(), args: ['--config', orgFile(folder)] });
  const answers: string[] = [];
  const call = caller(relay, answers);
  let made: Pick<CanaryRun, 'subscriptions' | 'hookSecrets'>;
  try {
    made = { subscriptions: await subscribeAll(relay, call, receiver), hookSecrets: await makeOrgs(call) };
    await sendHooks(relay, made.hookSecrets, receiver);
    await workAgain(relay, call, made.subscriptions);
    await askEverything(relay, call, answers);
  } finally {
    // Not stopped but killed: what a graceful end would tidy away must not be there either.
    await relay.kill();
    await receiver.close();
  }
  const left = storedFiles(dataDir);
  const printed = [relay.output(), readFileSync(join(dataDir, 'relay.log'), 'utf8')];

  const aws = await startAwsEmulators({ dataDir });
  const waiting = await leaveWaiting({ aws, dataDir, subscriptions: made.subscriptions, hookBody: personBody(), user: person.id });
  answers.push(...waiting.answers);
  const items = await storedItems(aws);
  const messages = [...storedMessagesAndObjects(dataDir), ...(await storedRecords(dataDir))];
  await aws.stop();
  return {
    ...made,
    received: (name) => receiver.receivedBy(name),
    answers,
    logs: [...printed, ...waiting.lines].join('\n'),
    items,
    messages,
    files: [...left, ...storedFiles(dataDir)],
  };
}

function orgFile(folder: string): string {
  const path = join(folder, 'relay.json');
  const authentication = [
    { kind: 'hmac', secrets: [configured.hmac] },
    { kind: 'basic', credentials: [`okta:${configured.basic}`] },
    { kind: 'header', headerName: 'x-relay-key', secrets: [configured.header] },
  ];
  writeFileSync(path, JSON.stringify({ orgs: [{ id: 'beta', hosts: ['beta.okta.com'], authentication }] }));
  return path;
}

type Call = (line: string, body?: unknown) => Promise<Record<string, unknown>>;

/** Calls the admin API, and keeps what it answers but for the secret in it. */
function caller(relay: RelayProcess, answers: string[]): Call {
  return async (line, body) => {
    const [method = 'GET', path = ''] = line.split(' ');
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const { status, body: answer } = await admin(relay.url, path, init);
    if (status >= 400) throw new Error(`${line} answered ${status}: ${JSON.stringify(answer)}`);
    const { secret: _, ...rest } = answer;
    answers.push(JSON.stringify(rest));
    return answer;
  };
}

/** Also on a machine that is busy with other things. */
const deadlineMs = 60_000;

const secretIn = ({ secret }: Record<string, unknown>): string[] => (typeof secret === 'string' ? [secret] : []);

async function subscribeAll({ url }: RelayProcess, call: Call, receiver: CanaryReceiver): Promise<Record<CastName, CanarySubscription>> {
  const made = names.map(async (name) => {
    const created = await call('POST /v1/subscriptions', { name, url: receiver.urlOf(name), types: ['*'], ...cast[name] });
    const id = String(created['id']);
    const firstKeys = await servedKeys(url, id);
    const rotation = rotated[name];
    const fresh = rotation === undefined ? {} : await call(`POST /v1/subscriptions/${id}/rotate-secret`, rotation);
    if (name.startsWith('paused')) await call(`POST /v1/subscriptions/${id}/pause`, {});
    const told = [...secretIn(created), ...secretIn(fresh), ...(name === 'own' ? [ownSecret] : [])];
    return [name, { id, told, firstKeys, keys: await servedKeys(url, id) }] as const;
  });
  // Every name of the cast was asked for; `fromEntries` forgets which.
  return Object.fromEntries(await Promise.all(made)) as unknown as Record<CastName, CanarySubscription>;
}

/** As a receiver fetches them: without a token. */
async function servedKeys(url: string, id: string): Promise<ServedKey[]> {
  const response = await fetch(`${url}/v1/subscriptions/${id}/jwks.json`);
  return response.ok ? ((await response.json()) as { keys: ServedKey[] }).keys : [];
}

async function makeOrgs(call: Call): Promise<CanaryRun['hookSecrets']> {
  const make = async (kind: 'header' | 'basic' | 'hmac') => {
    const created = await call('POST /v1/orgs', { id: `made-${kind}`, hosts: [`made-${kind}.okta.com`], authentication: { kind } });
    return [...secretIn(created), ...secretIn(await call(`POST /v1/orgs/made-${kind}/rotate-secret`, {}))];
  };
  await call('POST /v1/orgs', { id: 'gamma', hosts: ['gamma.okta.com'], authentication: { kind: 'header' }, secret: registered });
  return { header: await make('header'), basic: await make('basic'), hmac: await make('hmac') };
}

/** Known types, one that nobody knows, which is kept whole, and an event that is none. */
function personBody(org = 'acme'): Record<string, unknown> {
  const types = ['user.lifecycle.activate', 'user.account.update_profile', 'canary.unknown.happened'];
  const events = types.map((eventType) => {
    const event = logEvent({ userId: person.id, userName: person.userName, eventType });
    const target = (event['target'] as object[]).map((one) => ({ ...one, displayName: person.displayName }));
    return { ...event, target, client: { geographicalContext: { city: person.city } } };
  });
  return hookBody([...events, { broken: true, displayName: person.displayName, alternateId: person.userName, city: person.city }], org);
}

async function sendHooks({ url }: RelayProcess, made: CanaryRun['hookSecrets'], receiver: CanaryReceiver): Promise<void> {
  const accepted: Response[] = [await postHookTaken(url, personBody())];
  for (const secret of made.header) accepted.push(await postHookTaken(url, hookBody([logEvent()], 'made-header'), { org: 'made-header', headers: { authorization: secret } })); // prettier-ignore
  for (const secret of made.basic) accepted.push(await postHookTaken(url, hookBody([logEvent()], 'made-basic'), { org: 'made-basic', headers: { authorization: `Basic ${Buffer.from(secret).toString('base64')}` } })); // prettier-ignore
  for (const secret of made.hmac) {
    const body = JSON.stringify(hookBody([logEvent()], 'made-hmac'));
    accepted.push(await postHookTaken(url, body, { org: 'made-hmac', headers: signedHeaders(secret, body) }));
  }
  accepted.push(await postHookTaken(url, hookBody([logEvent({ userId: named.id, userName: named.userName })])));
  const refused = accepted.filter(({ status }) => status !== 200);
  if (refused.length > 0) throw new Error(`hooks were answered ${refused.map(({ status }) => status).join()}`);
  await postHookTaken(url, `{ "displayName": ${JSON.stringify(person.displayName)}, `);
  for (const guess of [
    `${hookSecret}-wrong`,
    presented.hookSecret,
    `Basic ${Buffer.from(`okta:${presented.hookSecret}`).toString('base64')}`,
  ])
    // prettier-ignore
    await postHookTaken(url, hookBody([logEvent()]), { headers: { authorization: guess } });
  for (const name of names.filter((one) => !/paused|wanted/.test(one)))
    await eventually(
      () => receiver.receivedBy(name).filter(({ body }) => Buffer.from(body).includes(name === 'naming' ? named.id : person.id)).length,
      (count) => count > 0,
      { what: `a webhook for ${name}`, deadlineMs },
    );
}

function signedHeaders(secret: string, body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-relay-timestamp': timestamp, 'x-relay-signature': `v1=${signature}`, authorization: '' };
}

/** A replay, a recovery, a test event; and what is parked and dead is there before the search begins. */
async function workAgain({ url }: RelayProcess, call: Call, subscriptions: CanaryRun['subscriptions']): Promise<void> {
  const until = (line: string, isThere: (answer: Record<string, unknown>) => boolean) =>
    eventually(() => call(line), isThere, { what: line, deadlineMs });
  const listed = ({ data }: Record<string, unknown>) => (data as unknown[]).length;
  for (const name of names) {
    const { id } = subscriptions[name];
    if (name.startsWith('gone')) await until(`GET /v1/deliveries?status=dead&subscription=${id}`, (answer) => listed(answer) > 0);
    if (name.startsWith('paused')) await until(`GET /v1/deliveries?status=parked&subscription=${id}`, (answer) => listed(answer) > 0);
  }
  const { id } = subscriptions.whole;
  const from = new Date(Date.now() - 60_000).toISOString();
  const replay = await call('POST /v1/replays', { subscription: id, from, to: new Date().toISOString(), user: person.id, full: true });
  await until(`GET /v1/replays/${String(replay['id'])}`, ({ status }) => status === 'done');
  await call(`POST /v1/subscriptions/${id}/test`, {});
  // What was still under way disables it again; then it is resumed once more.
  const recovering = `/v1/subscriptions/${subscriptions.gone.id}`;
  const recover = async () => {
    await call(`POST ${recovering}/resume`, {});
    return admin(url, `${recovering}/recover`, { method: 'POST', body: JSON.stringify({ since: from }) });
  };
  await eventually(recover, ({ status }) => status === 202, { what: 'a recovery', deadlineMs });
  await until(`GET ${recovering}`, ({ recovery }) => Number((recovery as { redelivered?: number } | undefined)?.redelivered) > 0);
}

/** All that can be read after creation, and calls that fail with something secret or personal in them. */
async function askEverything({ url }: RelayProcess, call: Call, answers: string[]): Promise<void> {
  const ask = async (path: string, body?: unknown, token = adminToken): Promise<void> => {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    answers.push(JSON.stringify([...response.headers]), await response.text());
  };
  const idsIn = async (path: string) => ((await call(`GET ${path}`))['data'] as { id: string }[]).map(({ id }) => `${path}/${id}`);
  const subscriptions = await idsIn('/v1/subscriptions');
  const orgs = await idsIn('/v1/orgs');
  const lists = ['/v1/quarantine', '/v1/deliveries?status=dead', '/v1/deliveries?status=parked'];
  const all = [...subscriptions.flatMap((path) => [path, `${path}/jwks.json`]), ...orgs.flatMap((path) => [path, `${path}/hooks`]), ...(await idsIn('/v1/deliveries')), ...(await idsIn('/v1/replays')), ...lists]; // prettier-ignore
  for (const path of all) await ask(path);
  await ask('/v1/subscriptions', {}, presented.token);
  await ask('/v1/subscriptions', { name: 'x', url: `https://okta:${presented.urlPassword}@hooks.example.com/`, types: ['*'] });
  await ask('/v1/subscriptions', { name: 'x', url: 'https://hooks.example.com/', types: [person.userName], filter: `user.userName eq '${person.userName}'` }); // prettier-ignore
  await ask('/v1/subscriptions', `{"name": "${person.userName}", `);
  await ask('/v1/subscriptions', { name: 'x', url: `https://${quoted.host}/`, types: ['*'], [quoted['name of a field']]: presented.fieldValue, secret: { of: presented.fieldValue } }); // prettier-ignore
  await ask('/v1/subscriptions', { name: 'x', url: 'https://hooks.example.com/', types: ['*'], filter: `${quoted['name in a filter']}.x eq "${presented.fieldValue}"` }); // prettier-ignore
  await ask('/v1/orgs', { id: 'x', hosts: [person.displayName], authentication: { kind: 'header', secret: presented.hookSecret } });
  await ask(`${subscriptions[0]}/rotate-secret`, { secret: presented.hookSecret, signature: presented.token });
  await ask(`/v1/deliveries?status=${encodeURIComponent(person.userName)}&since=${encodeURIComponent(person.displayName)}`);
  await ask(`/v1/nothing/${encodeURIComponent(person.userName)}`);
}

/** What is kept of a hook secret that is compared, not used. */
export const digests = (secrets: readonly string[]): string[] => secrets.map(digestOf);
