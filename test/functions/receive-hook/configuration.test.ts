import { expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';

it('does not start without its settings, and names them all at once', async () => {
  provideEnvironment({ KAFKA_AUTH: 'perhaps', KAFKA_BROKERS: '', ALLOWED_HOOK_RANGES: '192.0.2.1' });
  const starting = import('../../../functions/receive-hook/handler.ts');
  await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(starting).rejects.toThrow(
    /ORGS_TABLE[^]*SENDERS_TABLE[^]*ALLOWED_HOOK_RANGES must be CIDR blocks[^]*QUARANTINE_TABLE[^]*QUARANTINE_BUCKET[^]*KAFKA_BROKERS[^]*KAFKA_AUTH must be one of/,
  );
});
