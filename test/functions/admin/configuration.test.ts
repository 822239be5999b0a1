import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'admin-configuration-'));
const keyFile = join(folder, 'key');
createLocalKeyFile(keyFile);
const good = {
  AWS_REGION: 'us-east-1',
  ORGS_TABLE: 'o',
  SENDERS_TABLE: 'e',
  SUBSCRIPTIONS_TABLE: 's',
  DELIVERIES_TABLE: 'd',
  LANES_TABLE: 'l',
  DELIVERIES_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/deliveries.fifo',
  REPLAY_DELIVERIES_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/replay-deliveries.fifo',
  QUARANTINE_TABLE: 'q',
  REPLAYS_TABLE: 'r',
  REPLAYS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/replays.fifo',
  SECRETS_KEY_FILE: keyFile,
};

/** A cold start with these settings. */
async function start(environment: Record<string, string>): Promise<unknown> {
  const { provideEnvironment } = await import('#lib/config/environment.ts');
  provideEnvironment(environment);
  return import('../../../functions/admin/wiring.ts');
}

describe('the admin function at its start', () => {
  beforeEach(() => vi.resetModules());
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['IAM', good],
    ['a token', { ...good, ADMIN_AUTH: 'bearer', RELAY_ADMIN_TOKEN: 'sixteen-letters!' }],
    [
      'KMS',
      { ...good, SECRETS_KEY_FILE: '', SECRETS_KEY_ID: 'arn:aws:kms:us-east-1:123456789012:key/1a2b3c4d-0000-4000-8000-000000000000' },
    ],
  ])('starts with %s', async (_, environment) => {
    await expect(start(environment)).resolves.toBeDefined();
  });

  it.each([
    ['no token for bearer', { ...good, ADMIN_AUTH: 'bearer' }, 'RELAY_ADMIN_TOKEN'],
    ['a short token', { ...good, ADMIN_AUTH: 'bearer', RELAY_ADMIN_TOKEN: 'short' }, 'at least 16'],
    ['no key', { ...good, SECRETS_KEY_FILE: '' }, 'Exactly one of SECRETS_KEY_ID and SECRETS_KEY_FILE'],
    ['two keys', { ...good, SECRETS_KEY_ID: 'alias/x' }, 'Exactly one of SECRETS_KEY_ID and SECRETS_KEY_FILE'],
    ['a missing key file', { ...good, SECRETS_KEY_FILE: join(folder, 'nowhere') }, 'does not exist'],
    ['nothing', {}, 'DELIVERIES_TABLE is not set'],
  ])('stops at %s, and says so', async (_, environment, reason) => {
    await expect(start(environment)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(reason) });
  });
});
