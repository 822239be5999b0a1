import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { maxChangeBytes } from '#lib/identity/change.ts';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { receiveHook, type ReceivingHooks } from '#lib/intake/receive-hook.ts';
import { maxHookBodyBytes } from '#lib/okta/hook-envelope.ts';
import { headerScheme, hookRequest, noon, orgWith, sealedAs } from '../okta/authenticity-fixtures.ts';
import { hookBody, oktaEvent } from './events.ts';
import { inMemoryHooks } from './in-memory-ports.ts';

const acme = orgWith(headerScheme('right'));
let { orgs, log, quarantine, parts } = inMemoryHooks(acme);
beforeEach(() => {
  ({ orgs, log, quarantine, parts } = inMemoryHooks(acme));
});

type Given = Parameters<typeof hookRequest>[0];
const receive = (given: Given, more: Partial<ReceivingHooks> = {}) =>
  receiveHook(hookRequest({ ...given, headers: { authorization: 'right', ...given?.headers } }), { ...parts, ...more });
const post = (body: string | Uint8Array) => receive({ body });

describe('authenticity', () => {
  it.each([
    ['a wrong secret', 'acme'],
    ['an unknown org', 'other'],
    ['a name no org can have', '../acme'],
    ['no name', ''],
  ])('refuses %s', async (_name, orgId) => {
    const request = { ...hookRequest({ headers: { authorization: 'wrong' }, body: hookBody([oktaEvent('1')]) }), orgId };
    expect(await receiveHook(request, parts)).toEqual({ kind: 'refused' });
    expect([log.records.length, quarantine.entries.size]).toEqual([0, 0]);
  });

  it.each(['challenge', 'events', 'other-method', 'other-path'] as const)('comes before all else for %s', async (target) => {
    expect(await receive({ target, headers: { authorization: 'wrong', 'x-okta-verification-challenge': 'c' } })).toEqual({
      kind: 'refused',
    });
  });

  it('takes a secret that was rotated in after the environment read the old one', async () => {
    let nowMs = noon.getTime();
    const store = new CachedOrgStore(orgs, { now: () => new Date(nowMs) });
    await receive({ target: 'challenge' }, { orgs: store });
    orgs.orgs.set(acme.id, orgWith(headerScheme('next')));
    nowMs += 5_000;
    expect(await receive({ body: hookBody([oktaEvent('1')]), headers: { authorization: 'next' } }, { orgs: store })).toMatchObject({
      kind: 'accepted',
    });
  });

  it('reads the org again at most once a second, however many secrets are wrong', async () => {
    const store = new CachedOrgStore(orgs, { now: () => noon });
    for (let i = 0; i < 20; i += 1) await receive({ headers: { authorization: `wrong ${i}` } }, { orgs: store });
    expect(orgs.reads).toBe(1);
  });
});

describe('the handshake', () => {
  it('gives the challenge back', async () => {
    expect(await receive({ target: 'challenge', headers: { 'x-okta-verification-challenge': 'abc' } })).toEqual({
      kind: 'challenged',
      org: 'acme',
      verification: 'abc',
    });
  });

  it('says when there is no challenge', async () => {
    expect(await receive({ target: 'challenge' })).toEqual({ kind: 'challenge-missing', org: 'acme' });
  });
});

it.each(['other-method', 'other-path'] as const)('says %s', async (target) => {
  expect(await receive({ target })).toEqual({ kind: target, org: 'acme' });
});

describe('events', () => {
  it('are appended before they are accepted', async () => {
    expect(await post(hookBody([oktaEvent('1')]))).toEqual({
      kind: 'accepted',
      org: 'acme',
      events: 1,
      changes: 1,
      reasons: [],
      traceparent: `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`,
    });
    expect(log.records).toMatchObject([
      {
        key: 'acme:00uAna',
        headers: {
          ce_id: '1',
          ce_type: 'identity.user.deactivated',
          'content-type': 'application/cloudevents+json',
          traceparent: `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`,
        },
      },
    ]);
    expect(log.changes).toMatchObject([
      { id: '1', recordedtime: noon.toISOString(), origin: 'hook', data: { okta: { hookRequestId: 'delivery-1' } } },
    ]);
  });

  it('go in the order they were published in; those of one instant keep theirs', async () => {
    const at = (uuid: string, seconds: string) => oktaEvent(uuid, { published: `2026-11-21T11:00:${seconds}Z` });
    await post(hookBody([at('c', '03'), at('a', '01.500'), at('b1', '02'), at('first', '01'), at('b2', '02.000'), at('b0', '02')]));
    expect(log.changes.map(({ id }) => id)).toEqual(['first', 'a', 'b1', 'b2', 'b0', 'c']);
  });

  it('with the same uuid make one change', async () => {
    expect(await post(hookBody([oktaEvent('1'), oktaEvent('2'), oktaEvent('1')]))).toMatchObject({ events: 3, changes: 2, reasons: [] });
    expect(log.changes.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it("carry the sender's trace context", async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`;
    await receive({ body: hookBody([oktaEvent('1')]), headers: { traceparent } });
    expect(log.records[0]?.headers['traceparent']).toBe(traceparent);
  });

  it('that cannot be read are quarantined one by one, and the rest goes on', async () => {
    const outcome = await post(
      hookBody([
        oktaEvent('1'),
        null,
        oktaEvent('', {}),
        oktaEvent('4', { published: 'soon' }),
        oktaEvent('5', { eventType: null }),
        oktaEvent('6'),
      ]),
    );
    expect(outcome).toMatchObject({
      kind: 'accepted',
      events: 6,
      changes: 2,
      reasons: ['event-not-an-object', 'event-without-uuid', 'event-without-time', 'event-without-type'],
    });
    const kept = [...quarantine.entries.values()];
    expect(kept.map(({ org, receivedAt }) => [org, receivedAt])).toEqual(kept.map(() => ['acme', noon]));
    expect(JSON.parse(Buffer.from(kept[2]?.body ?? []).toString())).toMatchObject({ uuid: '4', published: 'soon' });
  });

  it('that make too large a change are quarantined, and the rest goes on', async () => {
    const large = oktaEvent('large', { eventType: 'app.custom', debugContext: { debugData: { note: 'x'.repeat(maxChangeBytes) } } });
    expect(await post(hookBody([large, oktaEvent('2')]))).toMatchObject({ changes: 1, reasons: ['change-too-large'] });
    expect(quarantine.reasons).toEqual(['change-too-large']);
  });

  it('nested 100,000 levels deep are quarantined, and the rest goes on', async () => {
    const deep = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000);
    const readable = JSON.stringify(oktaEvent('deep', { eventType: 'app.custom' })).replace(/}$/, `,"debugContext":${deep}}`);
    const body = `{"data":{"events":[${readable},${deep},${'['.repeat(100_000)}${']'.repeat(100_000)},${JSON.stringify(oktaEvent('2'))}]}}`;
    expect(await post(body)).toMatchObject({ changes: 1, reasons: ['event-without-uuid', 'event-not-an-object', 'change-too-large'] });
    expect(quarantine.entries.size).toBe(3);
  });

  it('cannot reach a prototype', async () => {
    const body = `{"data":{"events":[{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}},${JSON.stringify(oktaEvent('1', { eventType: 'app.custom' })).replace(/}$/, ',"__proto__":{"polluted":true}}')}]}}`;
    expect(await post(body)).toMatchObject({ kind: 'accepted', changes: 1 });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });
});

describe('a body that cannot be read', () => {
  it.each([
    ['empty', '', 'empty-body'],
    ['not JSON', 'hello', 'not-json'],
    ['another hook', JSON.stringify({ eventType: 'com.okta.import.transform' }), 'not-an-event-hook'],
    ['without events', hookBody([]), 'no-events'],
    ['of another org', hookBody([oktaEvent('1')], { source: 'https://other.okta.com/x' }), 'source-mismatch'],
    ['too large', hookBody([]).padEnd(maxHookBodyBytes + 1), 'body-too-large'],
  ])('(%s) is quarantined whole, byte for byte', async (_name, body, reason) => {
    expect(await post(body)).toEqual({ kind: 'quarantined', org: 'acme', reason });
    const [entry] = quarantine.entries.values();
    expect(entry).toMatchObject({ org: 'acme', reason, receivedAt: noon });
    expect(Buffer.from(entry?.body ?? []).equals(Buffer.from(body))).toBe(true);
    expect(log.records).toEqual([]);
  });
});

it("adds nothing to quarantine on Okta's retry", async () => {
  const bodies = ['', 'hello', hookBody([null, null, {}, oktaEvent('1')])];
  for (const body of bodies) await post(body);
  const first = [...quarantine.entries.keys()];
  expect(first.length).toBe(5);
  for (const body of bodies) await post(body);
  expect([...quarantine.entries.keys()]).toEqual(first);
});

describe('what is out of reach', () => {
  it.each([
    ['the org store', () => (orgs.health = 'unreachable'), 'ORG_STORE_UNAVAILABLE'],
    ['the log', () => (log.health = 'unreachable'), 'CHANGE_LOG_UNAVAILABLE'],
    ['quarantine', () => (quarantine.health = 'unreachable'), 'QUARANTINE_UNAVAILABLE'],
  ])('(%s) makes the request unavailable', async (_name, fail, code) => {
    fail();
    expect(await post(hookBody([oktaEvent('1'), null]))).toMatchObject({ kind: 'unavailable', error: { code } });
  });

  it.each([
    ['the org store', () => (orgs.health = 'silent'), 'ORG_STORE_UNAVAILABLE'],
    ['the log', () => (log.health = 'silent'), 'CHANGE_LOG_UNAVAILABLE'],
    ['quarantine', () => (quarantine.health = 'silent'), 'QUARANTINE_UNAVAILABLE'],
  ])('(%s, saying nothing) makes the request unavailable in time', async (_name, fail, code) => {
    fail();
    const late = () => new Date(noon.getTime() + 2_250);
    expect(await receive({ body: hookBody([oktaEvent('1'), null]) }, { now: late })).toMatchObject({
      kind: 'unavailable',
      error: { code, facts: { reason: 'out-of-time' } },
    });
  });

  it('(a key) makes a signed request unavailable', async () => {
    orgs.orgs.set(acme.id, orgWith({ kind: 'hmac', secrets: [sealedAs('k')] }));
    const secrets = { open: () => Promise.reject(new RelayError('KEY_UNAVAILABLE', 'away')) };
    expect(await receive({ headers: { 'x-relay-signature': 'v1=00' } }, { secrets })).toMatchObject({
      kind: 'unavailable',
      error: { code: 'KEY_UNAVAILABLE' },
    });
  });

  it('(the org store, of a warm environment) leaves the right secret working, and a wrong one undecided', async () => {
    let nowMs = noon.getTime();
    const clock = { now: () => new Date(nowMs), orgs: new CachedOrgStore(orgs, { now: () => new Date(nowMs) }) };
    await receive({ target: 'challenge' }, clock);
    orgs.health = 'unreachable';
    nowMs += 5 * 60_000;
    expect(await receive({ body: hookBody([oktaEvent('1')]) }, clock)).toMatchObject({ kind: 'accepted' });
    expect(await receive({ headers: { authorization: 'wrong, or rotated in' } }, clock)).toMatchObject({ kind: 'unavailable' });
  });

  it('does not matter where it is not needed', async () => {
    log.health = 'unreachable';
    expect(await post('hello')).toMatchObject({ kind: 'quarantined' });
    log.health = 'working';
    quarantine.health = 'unreachable';
    expect(await post(hookBody([oktaEvent('1')]))).toMatchObject({ kind: 'accepted' });
  });

  it('does not hide a bug', async () => {
    const broken = { find: () => Promise.reject(new TypeError('bug')) };
    await expect(receive({ body: '' }, { orgs: broken })).rejects.toThrow(TypeError);
  });
});

describe('time', () => {
  const budgetAfter = async (elapsedMs: number) => {
    await receive({ body: hookBody([oktaEvent('1')]) }, { now: () => new Date(noon.getTime() + elapsedMs) });
    return log.budgetsMs[0];
  };

  it.each([
    [0, 1_100],
    [1_000, 1_100],
    [1_700, 600],
  ])('after %d ms leaves the log %d ms', async (elapsedMs, budgetMs) => {
    expect(await budgetAfter(elapsedMs)).toBe(budgetMs);
  });

  it('that is up makes the request unavailable without starting anything', async () => {
    expect(await receive({ body: hookBody([oktaEvent('1')]) }, { now: () => new Date(noon.getTime() + 2_400) })).toMatchObject({
      kind: 'unavailable',
    });
    expect(log.budgetsMs).toEqual([]);
  });

  it.each([
    ['from the future', -5_000],
    ['long ago', 60_000],
  ])('told wrongly (%s) is counted from now', async (_name, elapsedMs) => {
    expect(await budgetAfter(elapsedMs)).toBe(1_100);
  });
});
