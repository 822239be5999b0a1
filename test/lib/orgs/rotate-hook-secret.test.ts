import { beforeEach, describe, expect, it } from 'vitest';
import { orgIdSchema, type Authentication, type Org } from '#lib/okta/org.ts';
import { createOrg } from '#lib/orgs/create-org.ts';
import { rotateHookSecret } from '#lib/orgs/rotate-hook-secret.ts';
import { headerScheme, orgWith, sealedAs } from '../okta/authenticity-fixtures.ts';
import { orgParts, proves } from './org-parts.ts';

const id = orgIdSchema.parse('acme');
const hourMs = 60 * 60_000;
let parts: ReturnType<typeof orgParts>;
beforeEach(() => {
  parts = orgParts();
});

async function made(kind: 'header' | 'basic' | 'hmac'): Promise<string> {
  const outcome = await createOrg({ id, hosts: ['acme.okta.com'], authentication: { kind } }, parts);
  if (outcome.kind !== 'created' || outcome.secret === undefined) throw new Error(outcome.kind);
  return outcome.secret;
}
async function rotated(body: object = {}): Promise<string> {
  const outcome = await rotateHookSecret(body, id, parts);
  if (outcome.kind !== 'rotated' || outcome.secret === undefined) throw new Error(outcome.kind);
  return outcome.secret;
}
async function stored(): Promise<Org> {
  const found = await parts.orgs.find(id);
  if (found === undefined) throw new Error('no org');
  return found.org;
}
const counts = async (...secrets: string[]) => {
  const org = await stored();
  return Promise.all(secrets.map((secret) => proves(org, secret, parts.clock.nowMs)));
};

describe.each(['header', 'basic', 'hmac'] as const)('a rotation of %s', (kind) => {
  it('has both secrets count for a day, to the millisecond, and then the new one alone', async () => {
    const old = await made(kind);
    const fresh = await rotated();
    expect(await counts(old, fresh)).toEqual([true, true]);
    parts.clock.nowMs += 24 * hourMs - 1;
    expect(await counts(old, fresh)).toEqual([true, true]);
    parts.clock.nowMs += 1;
    expect(await counts(old, fresh)).toEqual([false, true]);
  });

  it('with no overlap ends the old one at once', async () => {
    const old = await made(kind);
    const fresh = await rotated({ overlapSeconds: 0 });
    expect(await counts(old, fresh)).toEqual([false, true]);
  });

  it('once the one before is over has the current secret go on, not the one that ended', async () => {
    const first = await made(kind);
    const second = await rotated({ overlapSeconds: 60 });
    parts.clock.nowMs += 60_000;
    const third = await rotated();
    expect(await counts(first, second, third)).toEqual([false, true, true]);
  });

  it('cannot bring back a secret whose time is over, not even by asking for the previous one', async () => {
    const first = await made(kind);
    const second = await rotated({ overlapSeconds: 60 });
    parts.clock.nowMs += 60_000;
    const third = await rotated({ keep: 'previous' });
    expect(await counts(first, second, third)).toEqual([false, true, true]);
  });

  it('with no overlap leaves nothing of the one before', async () => {
    await made(kind);
    await rotated();
    await rotated({ overlapSeconds: 0 });
    expect((await stored()).authentication[0]).not.toHaveProperty('previousUntil');
  });

  it('while another one runs must say which secret goes on', async () => {
    const first = await made(kind);
    const second = await rotated();
    const until = new Date(parts.clock.nowMs + 24 * hourMs).toISOString();
    expect(await rotateHookSecret({}, id, parts)).toEqual({ kind: 'rotating', until });
    expect(await counts(first, second)).toEqual([true, true]);
    const third = await rotated({ keep: 'previous' });
    expect(await counts(first, second, third)).toEqual([true, false, true]);
    const fourth = await rotated({ keep: 'current', overlapSeconds: 604_800 });
    expect(await counts(first, third, fourth)).toEqual([false, true, true]);
  });

  it('that keeps the previous secret gives it no more time than it had, however often it is repeated', async () => {
    const first = await made(kind);
    await rotated();
    parts.clock.nowMs += 23 * hourMs;
    await rotated({ keep: 'previous' });
    const last = await rotated({ keep: 'previous', overlapSeconds: 604_800 });
    expect((await stored()).authentication[0]?.previousUntil).toBe(new Date(parts.clock.nowMs + hourMs).toISOString());
    expect(await counts(first, last)).toEqual([true, true]);
    parts.clock.nowMs += hourMs;
    expect(await counts(first, last)).toEqual([false, true]);
  });

  it('that keeps the previous secret can end it earlier', async () => {
    const first = await made(kind);
    await rotated();
    const last = await rotated({ keep: 'previous', overlapSeconds: 60 });
    parts.clock.nowMs += 60_000;
    expect(await counts(first, last)).toEqual([false, true]);
  });

  it('with no overlap may interrupt another one: a leaked secret does not wait', async () => {
    const first = await made(kind);
    const second = await rotated();
    const third = await rotated({ overlapSeconds: 0 });
    expect(await counts(first, second, third)).toEqual([false, false, true]);
  });

  it('takes a secret that is given, and does not repeat it', async () => {
    const old = await made(kind);
    const secret = 'okta:a given secret of some length';
    expect(await rotateHookSecret({ secret }, id, parts)).toMatchObject({ kind: 'rotated', secret: undefined });
    expect(await counts(old, secret)).toEqual([true, true]);
  });
});

describe('a rotation', () => {
  it.each([-1, 604_801, 1.5, '60', null, 1e300])('cannot overlap %j seconds', async (overlapSeconds) => {
    await made('header');
    const outcome = await rotateHookSecret({ overlapSeconds }, id, parts);
    const pointers = outcome.kind === 'invalid' ? outcome.errors.map(({ pointer }) => pointer) : [];
    expect([...new Set(pointers)]).toEqual(['/overlapSeconds']);
  });

  it('of several schemes must say which one, and changes no other', async () => {
    const org = orgWith(headerScheme('one'), { kind: 'hmac', secrets: [sealedAs('key')] });
    parts.orgs.texts.set(id, JSON.stringify(org));
    const fault = { kind: 'invalid', errors: [{ pointer: '/scheme', detail: expect.stringContaining('`header`, `hmac`') }] };
    expect(await rotateHookSecret({}, id, parts)).toEqual(fault);
    expect(await rotateHookSecret({ scheme: 'basic' }, id, parts)).toMatchObject(fault);
    await rotated({ scheme: 'hmac' });
    const [header, hmac] = (await stored()).authentication as [Authentication, Extract<Authentication, { kind: 'hmac' }>];
    expect(header).toEqual(org.authentication[0]);
    expect(hmac.secrets).toHaveLength(2);
  });

  it('of two schemes of one kind is not ours to choose', async () => {
    parts.orgs.texts.set(
      id,
      JSON.stringify(orgWith(headerScheme('one'), { ...headerScheme('two'), headerName: 'x-two' } as Authentication)),
    );
    expect(await rotateHookSecret({ scheme: 'header' }, id, parts)).toMatchObject({ errors: [{ pointer: '/scheme' }] });
  });

  it('of two secrets without an end, as a hand-made item has them, asks which one goes on', async () => {
    parts.orgs.texts.set(id, JSON.stringify(orgWith(headerScheme('new', 'old'))));
    expect(await rotateHookSecret({}, id, parts)).toEqual({ kind: 'rotating', until: undefined });
    const fresh = await rotated({ keep: 'previous' });
    expect(await counts('new', 'old', fresh)).toEqual([false, true, true]);
  });

  it('wants credentials for basic', async () => {
    await made('basic');
    expect(await rotateHookSecret({ secret: 'no-colon-in-this-one' }, id, parts)).toMatchObject({ errors: [{ pointer: '/secret' }] });
  });

  it('leaves an org of flags or file alone, and one that is not there', async () => {
    expect(await rotateHookSecret({}, id, parts)).toEqual({ kind: 'unknown' });
    parts.orgs.texts.set(id, JSON.stringify({ ...orgWith(headerScheme('one')), madeBy: 'start' }));
    expect(await rotateHookSecret({}, id, parts)).toEqual({ kind: 'made-at-start' });
  });

  it('by two at the same time is done once', async () => {
    await made('header');
    const outcomes = await Promise.all([rotateHookSecret({}, id, parts), rotateHookSecret({}, id, parts)]);
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['raced', 'rotated']);
  });
});
