import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { spoolMessages } from '#lib/intake/spool-message.ts';
import { spoolingAppender } from '#lib/intake/spooling-appender.ts';
import { TimeBudget } from '#lib/intake/time-budget.ts';
import { kafkaClient } from '#lib/kafka/client.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { InMemoryChangeSpool } from '../intake/spool-in-memory.ts';
import { recordOf } from '../intake/spool-records.ts';
import { certificate, startGuardedBroker, type GuardedBroker } from './guarded-broker.ts';

const known = getCACertificates('default');
const limits = { connectTimeoutMs: 5_000, requestTimeoutMs: 5_000, retries: 0, retryWaitMs: 1 };
const now = () => new Date();

describe('a broker that wants IAM', () => {
  let entrance: GuardedBroker | undefined;
  beforeEach(() => {
    setDefaultCACertificates([...known, certificate]);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'an invented secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'an invented session');
  });
  afterEach(async () => {
    await entrance?.close();
    setDefaultCACertificates(known);
    vi.unstubAllEnvs();
  });

  const connectionTo = ({ broker }: GuardedBroker) => ({
    brokers: [broker],
    auth: 'iam' as const,
    region: 'eu-west-1',
    clientId: 'test',
  });

  it('is shown a signed URL of the region’s MSK by SASL OAUTHBEARER', async () => {
    entrance = await startGuardedBroker('admits');
    const client = kafkaClient(connectionTo(entrance), limits);
    await client.kafka.admin().connect();
    client.cut();

    expect(entrance.mechanisms).toEqual(['OAUTHBEARER']);
    expect(entrance.credentials).toHaveLength(1);
    // RFC 7628, 3.1: no channel binding, no other identity, the token, each part ended by 0x01.
    const [, token] = /^n,,\x01auth=Bearer ([\w-]+)\x01\x01$/.exec(entrance.credentials[0] ?? '') ?? [];
    const url = new URL(Buffer.from(token ?? '', 'base64url').toString('utf8'));
    expect(url.host).toBe('kafka.eu-west-1.amazonaws.com');
    expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDEXAMPLE\/\d{8}\/eu-west-1\/kafka-cluster\/aws4_request$/);
    expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('and refuses it is said to have done so, and the changes go to the spool', async () => {
    entrance = await startGuardedBroker('refuses');
    const log = kafkaChangeLog({ ...connectionTo(entrance), topic: 'identity.changes.v1' });
    const spool = new InMemoryChangeSpool();
    const records = [recordOf('ana', 'a1'), recordOf('ben', 'b1')];
    const budget = new TimeBudget({ endsAtMs: Date.now() + 2_300, now });
    const appended = await spoolingAppender({ log, spool, now }).append(records, budget);
    await log.disconnect();

    expect(appended).toMatchObject({ kind: 'spooled', because: { code: 'CHANGE_LOG_UNAVAILABLE', facts: { reason: 'authentication' } } });
    expect(entrance.mechanisms.length).toBeGreaterThan(0);
    expect(spool.messages).toEqual(spoolMessages(records));
  });

  it('and shows a certificate of nobody known is told nothing', async () => {
    setDefaultCACertificates(known);
    entrance = await startGuardedBroker('admits');
    const client = kafkaClient(connectionTo(entrance), limits);
    await expect(client.kafka.admin().connect()).rejects.toThrow('self-signed certificate');
    client.cut();
    expect(entrance.mechanisms).toEqual([]);
    expect(entrance.credentials).toEqual([]);
  });
});
