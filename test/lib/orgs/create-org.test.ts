import { describe, expect, it } from 'vitest';
import { orgIdSchema } from '#lib/okta/org.ts';
import { createOrg } from '#lib/orgs/create-org.ts';
import { orgParts, proves } from './org-parts.ts';

const good = { id: 'acme', hosts: ['acme.okta.com'], authentication: { kind: 'header' } };
const create = async (body: unknown, parts = orgParts()) => createOrg(body, parts);
const faults = async (body: unknown) => {
  const outcome = await create(body);
  return outcome.kind === 'invalid' ? outcome.errors.map(({ pointer }) => pointer).toSorted() : outcome.kind;
};

describe('a new org', () => {
  it.each([
    ['header', { kind: 'header' }, /^ohs_[A-Za-z0-9_-]{43}$/],
    ['header', { kind: 'header', headerName: 'X-Hook-Secret' }, /^ohs_[A-Za-z0-9_-]{43}$/],
    ['basic', { kind: 'basic' }, /^okta:ohs_[A-Za-z0-9_-]{43}$/],
    ['hmac', { kind: 'hmac' }, /^ohs_[A-Za-z0-9_-]{43}$/],
  ])('of %s is given a secret that proves its Okta, and that only hmac keeps', async (kind, authentication, pattern) => {
    const parts = orgParts();
    const outcome = await create({ ...good, authentication }, parts);
    if (outcome.kind !== 'created' || outcome.secret === undefined) throw new Error(outcome.kind);
    expect(outcome.secret).toMatch(pattern);
    const stored = (await parts.orgs.find(outcome.org.id))?.org;
    expect(stored).toEqual(outcome.org);
    expect(await proves(outcome.org, outcome.secret, parts.clock.nowMs)).toBe(true);
    expect(await proves(outcome.org, `${outcome.secret}x`, parts.clock.nowMs)).toBe(false);
    expect(JSON.stringify(stored).includes(outcome.secret)).toBe(kind === 'hmac');
  });

  it('never gets the same secret as another', async () => {
    const secrets = await Promise.all(Array.from({ length: 50 }, (_, at) => create({ ...good, id: `org-${at}` })));
    expect(new Set(secrets.map((outcome) => (outcome.kind === 'created' ? outcome.secret : ''))).size).toBe(50);
  });

  it('takes a secret that is given, and does not repeat it', async () => {
    const secret = 'a given secret of some length';
    const outcome = await create({ ...good, secret });
    if (outcome.kind !== 'created') throw new Error(outcome.kind);
    expect(outcome.secret).toBeUndefined();
    expect(await proves(outcome.org, secret, Date.parse('2026-11-21T12:00:00Z'))).toBe(true);
  });

  it.each([80, 1, 720, null])('may be silent for %s hours', async (silentAfterHours) => {
    expect(await create({ ...good, silentAfterHours })).toMatchObject({ kind: 'created', org: { silentAfterHours } });
  });

  it('has its hosts in lower case and once, and its hooks', async () => {
    const outcome = await create({ ...good, hosts: ['ACME.okta.com', 'acme.okta.com', 'b.example.com'], hooks: { confirmed: ['who1'] } });
    expect(outcome).toMatchObject({
      kind: 'created',
      org: { hosts: ['acme.okta.com', 'b.example.com'], hooks: { confirmed: ['who1'], others: 'accept' }, madeBy: 'api' },
    });
  });

  it('does not take the place of one that is there', async () => {
    const parts = orgParts();
    await create(good, parts);
    expect(await create({ ...good, hosts: ['other.okta.com'] }, parts)).toEqual({ kind: 'exists' });
    expect((await parts.orgs.find(orgIdSchema.parse('acme')))?.org.hosts).toEqual(['acme.okta.com']);
  });

  it.each([
    [{ ...good, id: 'ACME' }, ['/id']],
    [{ ...good, id: 'demo' }, ['/id']],
    [{ ...good, id: 'unknown' }, ['/id']],
    [{ ...good, id: '__proto__' }, ['/id']],
    [{ ...good, hosts: [] }, ['/hosts']],
    [{ ...good, hosts: ['https://acme.okta.com'] }, ['/hosts/0']],
    [{ ...good, hosts: ['acme.okta.com', 'a b'] }, ['/hosts/1']],
    [{ ...good, hosts: Array.from({ length: 21 }, (_, at) => `h${at}.example.com`) }, ['/hosts']],
    [{ ...good, authentication: { kind: 'oauth' } }, ['/authentication/kind']],
    [{ ...good, authentication: { kind: 'header', headerName: 'X:Y' } }, ['/authentication/headerName']],
    [{ ...good, authentication: { kind: 'hmac', secrets: [] } }, ['/authentication/secrets']],
    [{ ...good, secret: 'fifteen-letters' }, ['/secret']],
    [{ ...good, secret: ' leading-space-is-lost' }, ['/secret']],
    [{ ...good, secret: 'x'.repeat(513) }, ['/secret']],
    [{ ...good, secret: 'line\nbreak-in-the-middle' }, ['/secret']],
    [{ ...good, authentication: { kind: 'basic' }, secret: 'no-colon-in-this-one' }, ['/secret']],
    [{ ...good, hooks: { confirmed: [], others: 'quarantine' } }, ['/hooks/confirmed']],
    [{ ...good, silentAfterHours: 0 }, ['/silentAfterHours']],
    [{ ...good, hooks: { confirmed: ['who/1'] } }, ['/hooks/confirmed/0']],
    [{ ...good, hooks: { confirmed: ['who1'], others: 'drop' } }, ['/hooks/others']],
    [{ ...good, status: 'active', madeBy: 'start' }, ['/madeBy', '/status']],
    [{}, ['/authentication', '/hosts', '/id']],
    [[], ['']],
    [null, ['']],
  ])('%# is refused with what is at fault: %j', async (body, pointers) => {
    expect(await faults(body)).toEqual(pointers);
  });

  it('that is refused does not repeat the secret that was sent', async () => {
    const outcome = await create({ ...good, hosts: [], secret: 'bad\nsecret-of-some-length' });
    expect(JSON.stringify(outcome)).not.toContain('secret-of-some-length');
  });
});
