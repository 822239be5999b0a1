import { expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';

it('does not start without its settings, and names them all at once', async () => {
  provideEnvironment({ KAFKA_AUTH: 'perhaps', KAFKA_BROKERS: '' });
  const starting = import('../../../functions/receive-hook/handler.ts');
  await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(starting).rejects.toThrow(
    /ORGS_TABLE[^]*QUARANTINE_TABLE[^]*QUARANTINE_BUCKET[^]*KAFKA_BROKERS[^]*KAFKA_AUTH must be one of/,
  );
});
