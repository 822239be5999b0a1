import { dynamodbHeardOrgs } from '#lib/dynamodb/heard-orgs.ts';
import { dynamodbLimitStore } from '#lib/dynamodb/limit-store.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbSeenHooks } from '#lib/dynamodb/seen-hooks.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { quarantineReasons } from '#lib/quarantine/quarantine.ts';
import { payrollId } from '../../../test/lib/delivery/delivery-message.ts';
import { noon } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { type Answer, answeringClient } from '../answering-client.ts';
import { type StoredItem, storedSeed } from '../stored-attributes.ts';
import { hold, type Target } from '../target.ts';
import { storedItems } from './stored-targets.ts';

const at = noon.toISOString();
const acme = orgIdSchema.parse('acme');

/** What the table holds just now: an input is one item, and the answer to whatever is asked. */
let item: StoredItem = {};
const answered = answeringClient((operation): Answer => {
  return { kind: 'answer', members: operation === 'Query' ? { Items: [item], Count: 1 } : { Item: item } };
});
const given = { client: answered, table: 'table' };

const heard = dynamodbHeardOrgs(given);
const seen = dynamodbSeenHooks(given);
const quarantine = dynamodbQuarantineIndex({ ...given, now: () => noon });

/** The table says no to the first write, with the item as it found it, and yes to the next. */
let writes = 0;
const counting = answeringClient((): Answer => {
  writes += 1;
  return writes === 1 ? { kind: 'condition-failed', item } : { kind: 'answer', members: { Attributes: item } };
});
const limits = dynamodbLimitStore({ client: counting, table: 'table' });
const want = { places: 5, tokens: 2 };
const limitSecond = { subscription: payrollId, second: noon.getTime() / 1_000 };

/** Items that only the store that asks for them can read: each is fed through the SDK's client. An input costs milliseconds, so they are few. */
export const queriedTargets: readonly Target[] = [
  storedItems('sender', {
    seeds: [
      storedSeed({ org: { S: '#heard' }, id: { S: 'acme' }, heardAt: { S: at }, expiresAt: { N: '1829822400' } }),
      storedSeed({ org: { S: 'acme' }, id: { S: 'hook#who1test0000000000' }, seenAt: { S: at }, expiresAt: { N: '1829822400' } }),
      storedSeed({ org: { S: 'acme' }, id: { S: 'first' }, hook: { S: 'who1test0000000000' } }),
    ],
    code: 'SENDER_STORE_UNAVAILABLE',
    async read(input) {
      item = input;
      if (item['org']?.S === '#heard') {
        const orgs = await heard.lastHeard();
        hold(orgs.every(({ at: heardAt }) => !Number.isNaN(heardAt.getTime())), 'an org was heard at some time'); // prettier-ignore
        return;
      }
      const hooks = await seen.hooks(acme);
      hold(hooks.every(({ id, firstSeenAt }) => typeof id === 'string' && typeof firstSeenAt === 'string'), 'a hook has an id and a time'); // prettier-ignore
    },
  }),
  storedItems('limit', {
    seeds: [
      storedSeed({
        id: { S: `${payrollId}#${limitSecond.second}` },
        places: { N: '7' },
        tokens: { N: '1' },
        expiresAt: { N: '1795266000' },
      }),
      storedSeed({ id: { S: `${payrollId}#${limitSecond.second}` }, places: { N: '10' }, expiresAt: { N: '1795266000' } }),
    ],
    code: 'DELIVERY_STORE_UNAVAILABLE',
    async read(input) {
      [item, writes] = [input, 0];
      const { places, tokens } = await limits.lease(limitSecond, { want, caps: { places: 10, tokens: 5 } });
      hold(places >= 0 && places <= want.places && tokens >= 0 && tokens <= want.tokens, 'no more is leased than was wanted');
      hold(!Number.isNaN(await limits.carry(limitSecond, 1)), 'what is taken is a number');
    },
  }),
  storedItems('quarantine-entry', {
    seeds: quarantineReasons.slice(0, 3).map((reason) =>
      storedSeed({
        id: { S: 'b5a188b9-5ece-4636-b041-482ffda96311' },
        org: { S: 'acme' },
        reason: { S: reason },
        detail: { S: 'The body is not JSON.' },
        receivedAt: { S: at },
        size: { N: '12' },
        day: { S: at.slice(0, 10) },
        receivedKey: { S: `${at}#b5a188b9-5ece-4636-b041-482ffda96311` },
        expiresAt: { N: '1797854400' },
      }),
    ),
    code: 'QUARANTINE_UNAVAILABLE',
    async read(input) {
      item = input;
      const page = await quarantine.list({ limit: 1 });
      hold(page.kind === 'page' && page.data.length === 1, 'an entry that can be read is on the page');
      for (const { receivedAt, size } of page.data)
        hold(!Number.isNaN(Date.parse(receivedAt)) && Number.isInteger(size), 'an entry has a time and a size');
    },
  }),
].map((target) => ({ ...target, weight: 1 }));
