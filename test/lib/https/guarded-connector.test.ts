import { describe, expect, it } from 'vitest';
import { guardedConnector } from '#lib/https/guarded-connector.ts';
import { NameNotResolved, resolveHost } from '#lib/https/resolve-host.ts';

const outcome = (hostname: string, allowLoopback: boolean) =>
  new Promise<string>((resolve) => {
    const connect = guardedConnector({ allowLoopback, resolve: resolveHost });
    // Port 1 (tcpmux) is where nobody listens.
    connect({ hostname, protocol: 'http:', port: '1' }, (...[error]) => {
      resolve(error instanceof Error && 'code' in error ? String(error.code) : (error?.name ?? 'connected'));
    });
  });

describe('the connector', () => {
  it.each(['127.0.0.1', '::1', '[::1]', '10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', '[fd00:ec2::254]', 'localhost'])(
    'does not try %s',
    async (hostname) => {
      expect(await outcome(hostname, false)).toBe('AddressRefused');
    },
  );

  it.each(['127.0.0.1', 'localhost'])('tries %s in local mode', async (hostname) => {
    expect(await outcome(hostname, true)).toBe('ECONNREFUSED');
  });

  it.each(['10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1'])('does not try %s in local mode either', async (hostname) => {
    expect(await outcome(hostname, true)).toBe('AddressRefused');
  });
});

describe('resolving a name', () => {
  it('knows localhost without asking', async () => {
    expect(await resolveHost('localhost')).toEqual([
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  });

  it('fails for what cannot be a name', async () => {
    await expect(resolveHost(`${'a'.repeat(64)}.example.com`)).rejects.toBeInstanceOf(NameNotResolved);
  });
});
