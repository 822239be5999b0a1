import { expect, it } from 'vitest';
import { deleteOrgCall } from '#lib/admin/org-calls.ts';
import { InMemorySenders } from '../intake/in-memory-senders.ts';
import { headerScheme, noon, orgWith } from '../okta/authenticity-fixtures.ts';
import { InMemoryOrgRegistry } from '../orgs/in-memory-org-registry.ts';

const acme = orgWith(headerScheme('right'));
const now = () => noon;

/** One of the org's hooks sends between the two halves of the call. */
class BusyRegistry extends InMemoryOrgRegistry {
  readonly senders = new InMemorySenders();

  override async remove(...input: Parameters<InMemoryOrgRegistry['remove']>) {
    await this.senders.note({ org: acme.id, hook: 'old', at: noon });
    await this.senders.hear({ org: acme.id, at: noon });
    return super.remove(...input);
  }
}

it('leaves nothing of a hook that sent while its org was taken out', async () => {
  const orgs = new BusyRegistry();
  await orgs.create(acme);
  expect(await deleteOrgCall({ name: 'acme' }, { orgs, orgSenders: orgs.senders, now })).toMatchObject({ kind: 'found' });
  expect([await orgs.find(acme.id), await orgs.senders.hooks(acme.id), await orgs.senders.lastHeard()]).toEqual([undefined, [], []]);
  expect(await orgs.senders.note({ org: acme.id, hook: 'new', at: noon })).toEqual({ first: 'new' });
});

it('leaves the org where its hooks cannot be forgotten, so that the call can be made again', async () => {
  const orgs = new BusyRegistry();
  await orgs.create(acme);
  orgs.senders.health = 'unreachable';
  const call = () => deleteOrgCall({ name: 'acme' }, { orgs, orgSenders: orgs.senders, now });
  await expect(call()).rejects.toMatchObject({ code: 'SENDER_STORE_UNAVAILABLE' });
  orgs.senders.health = 'working';
  expect(await call()).toMatchObject({ kind: 'found' });
});
