import { beforeEach, describe, expect, it } from 'vitest';
import { orgIdSchema, type Org } from '#lib/okta/org.ts';
import { silentOrgs } from '#lib/orgs/silent-orgs.ts';
import { InMemorySenders } from '../intake/in-memory-senders.ts';
import { headerScheme, orgWith } from '../okta/authenticity-fixtures.ts';
import { InMemoryOrgRegistry } from './in-memory-org-registry.ts';

const hourMs = 60 * 60_000;
const noonMs = Date.parse('2026-11-21T12:00:00.000Z');
const acme = orgIdSchema.parse('acme');
const beta = orgIdSchema.parse('beta');

let senders: InMemorySenders;
let orgs: InMemoryOrgRegistry;
let counted: number[];
beforeEach(() => {
  senders = new InMemorySenders();
  orgs = new InMemoryOrgRegistry();
  counted = [];
  for (const id of [acme, beta]) know(id);
});

const know = (id: Org['id'], more: Partial<Org> = {}): void => {
  orgs.texts.set(id, JSON.stringify({ ...orgWith(headerScheme('right')), id, ...more }));
};
const hear = (org: Org['id'], hoursAfterNoon = 0) => senders.hear({ org, at: new Date(noonMs + hoursAfterNoon * hourMs) });
/** What is found silent so many hours after noon. */
const silentAt = async (hours: number) => {
  const metrics = { count: (_name: 'SilentOrgs', value: number) => void counted.push(value) };
  return silentOrgs({ lastHeard: senders, orgs, metrics, now: () => new Date(noonMs + hours * hourMs) });
};

describe('an org that used to speak', () => {
  it.each<[Org['silentAfterHours'], number, boolean]>([
    [undefined, 0, false],
    [undefined, 23.99, false],
    [undefined, 24, true],
    // Nobody has done anything about it: it is still missed a year later.
    [undefined, 365 * 24, true],
    [1, 0.99, false],
    [1, 1, true],
    [80, 79.9, false],
    [80, 80, true],
    [null, 365 * 24, false],
  ])('with silentAfterHours %s, is silent after %d hours: %s', async (silentAfterHours, hours, isSilent) => {
    know(acme, silentAfterHours === undefined ? {} : { silentAfterHours });
    await hear(acme);
    expect(await silentAt(hours)).toEqual({ silent: isSilent ? ['acme'] : [], errors: [] });
    expect(counted).toEqual([isSilent ? 1 : 0]);
  });

  it('is not missed any more once it speaks again', async () => {
    await hear(acme);
    expect((await silentAt(30)).silent).toEqual(['acme']);
    await hear(acme, 30);
    expect((await silentAt(31.5)).silent).toEqual([]);
  });

  it('is not missed while it is disabled, nor when it is not there any more', async () => {
    for (const org of [acme, beta]) await hear(org);
    know(acme, { status: 'disabled' });
    orgs.texts.delete(beta);
    expect(await silentAt(48)).toEqual({ silent: [], errors: [] });
    expect(counted).toEqual([0]);
  });
});

it('does not miss an org that never spoke', async () => {
  expect(await silentAt(1_000)).toEqual({ silent: [], errors: [] });
});

it('counts every silent org, also beside one that cannot be read', async () => {
  const gamma = orgIdSchema.parse('gamma');
  know(gamma);
  for (const org of [acme, beta, gamma]) await hear(org);
  orgs.texts.set(beta, 'no org');
  const { silent, errors } = await silentAt(24);
  expect(silent).toEqual(['acme', 'gamma']);
  expect(errors).toHaveLength(1);
  expect(counted).toEqual([2]);
});

it('says nothing about any org while the store is away, rather than that all is well', async () => {
  await hear(acme);
  senders.health = 'unreachable';
  expect(await silentAt(48)).toEqual({ silent: [], errors: [expect.objectContaining({ code: 'SENDER_STORE_UNAVAILABLE' })] });
  expect(counted).toEqual([]);
});
