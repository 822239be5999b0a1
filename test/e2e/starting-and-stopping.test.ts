import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder } from '../../local/data-folder.ts';
import { repositoryRoot } from '../architecture/repository.ts';
import { admin, eventually, hookBody, logEvent, postHookTaken, sendHook, subscribe } from '../support/relay-client.ts';
import { freePort, runRelay, scratchFolder, startRelayProcess } from '../support/relay-process.ts';

let scratch: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  scratch = scratchFolder();
});
afterEach(() => scratch.remove());
const dataDir = () => join(scratch.path, 'state');

describe('starting', () => {
  it('refuses bad configuration with every problem at once, each with its name and an example', async () => {
    const { exitCode, output } = await runRelay(
      [
        '--port',
        'http',
        '--org',
        'ACME!',
        '--hook-secret',
        'short',
        '--admin-token',
        'x',
        '--org-host',
        'not a host',
        '--config',
        join(scratch.path, 'none.json'),
      ],
      {
        environment: { KAFKA_BROKERS: 'broker-without-port' },
      },
    );
    expect(exitCode).toBe(2);
    expect(output).toContain('7 problems');
    for (const name of ['--port', '--org ACME!', '--hook-secret', '--admin-token', '--org-host', '--config', 'KAFKA_BROKERS'])
      expect(output).toContain(name);
    expect(output.match(/e\.g\./g)).toHaveLength(7);
  });

  it('names an unknown flag', async () => {
    const { exitCode, output } = await runRelay(['--prot', '4040']);
    expect(output).toContain('--prot');
    expect(exitCode).toBe(2);
  });

  it('names the port when it is taken, and leaves nothing running', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { exitCode, output } = await runRelay(['--port', String(port), '--data-dir', dataDir()]);
    server.close();
    expect(output).toContain(`port ${port}`);
    expect(exitCode).toBe(1);
  });

  it('names the state folder when another relay has it', async () => {
    const relay = await startRelayProcess({ dataDir: dataDir(), port: await freePort() });
    const { exitCode, output } = await runRelay(['--port', '0', '--data-dir', dataDir()]);
    await relay.stop();
    expect(output).toContain(`${dataDir()} is in use by another relay`);
    expect(exitCode).toBe(1);
  });

  it('refuses state whose key is missing, and a key that others may read', async () => {
    await runRelay(['--once', '--port', '0', '--data-dir', dataDir()]);
    const keyFile = `${dataDir()}.key`;
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    chmodSync(keyFile, 0o644);
    expect((await runRelay(['--once', '--port', '0', '--data-dir', dataDir()])).output).toContain('chmod 600');
    rmSync(keyFile);
    const { exitCode, output } = await runRelay(['--once', '--port', '0', '--data-dir', dataDir()]);
    expect(output).toContain(`${keyFile} is missing`);
    expect(exitCode).toBe(1);
  });

  it('listens on loopback only', async () => {
    const relay = await startRelayProcess({ dataDir: dataDir(), port: await freePort() });
    // /proc/net/tcp lists every listening socket of the machine by inode; the relay's own are found by its file descriptors.
    const listening = ['tcp', 'tcp6']
      .flatMap((family) => readFileSync(`/proc/${relay.pid}/net/${family}`, 'utf8').split('\n').slice(1))
      .filter((line) => line.trim().split(/\s+/)[3] === '0A');
    const own = new Set(relay.socketInodes());
    const addresses = listening
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => own.has(fields[9] ?? ''))
      .map((fields) => fields[1]?.split(':')[0]);
    await relay.stop();
    expect(addresses.length).toBeGreaterThanOrEqual(3);
    expect(new Set(addresses)).toEqual(new Set(['0100007F'])); // 127.0.0.1, little-endian
  });
});

describe('stopping', () => {
  it('ends within 10 s of SIGTERM with exit 0, also while a subscriber hangs', async () => {
    const hanging = createServer();
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const relay = await startRelayProcess({ dataDir: dataDir(), port: await freePort() });
    await subscribe(relay.url, { name: 'hangs', url: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`, types: ['*'] });
    const connected = new Promise((resolve) => hanging.once('connection', resolve));
    await sendHook(relay.url, [logEvent()]);
    await connected;
    const { exitCode, tookMs } = await relay.stop();
    hanging.close();
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
  });
});

describe('a signal to npm', () => {
  it('stops the relay that npm started, and npm ends when it has', async () => {
    // A group of its own, so that nothing is left of it whatever happens.
    const npm = spawn('npm', ['start', '--', '--port', '0', '--data-dir', dataDir()], { cwd: repositoryRoot, detached: true });
    let output = '';
    npm.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      await eventually(
        () => output,
        (text) => text.includes('The relay stays up'),
        { what: 'the relay that npm started', deadlineMs: 60_000 },
      );
      npm.kill('SIGTERM');
      const [exitCode] = (await once(npm, 'exit')) as [number | null];
      expect(exitCode).toBe(0);
      // What was printed last may be read after npm has ended.
      await eventually(
        () => output,
        (text) => text.endsWith('Stopping: finishing what is in hand.\nStopped.\n'),
        { what: 'its last words', deadlineMs: 5_000 },
      );
      // The folder can be had again, so nobody has it any more.
      openDataFolder(dataDir()).release();
    } finally {
      killGroup(npm.pid);
    }
  });
});

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // As it should be: all of it has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

describe('starting again without any flag of orgs', () => {
  it('brings what was accepted before the kill to the built-in subscriber and stays up', async () => {
    const start = { dataDir: dataDir(), port: await freePort(), orgs: [] };
    let relay = await startRelayProcess(start);
    const uuids = Array.from({ length: 120 }, () => randomUUID());
    const events = uuids.map((uuid, index) => logEvent({ uuid, userId: `user-${index % 20}`, eventType: 'user.account.lock' }));
    for (let at = 0; at < events.length; at += 20) await sendHook(relay.url, events.slice(at, at + 20));
    await relay.kill();
    const before = relay.output();
    relay = await startRelayProcess(start);
    const shown = () => uuids.filter((uuid) => before.includes(uuid) || relay.output().includes(uuid)).length;
    await eventually(shown, (count) => count === uuids.length, { what: 'every webhook at the built-in subscriber', deadlineMs: 240_000 });
    expect(relay.output()).not.toContain('signature wrong');
    expect((await relay.stop()).exitCode).toBe(0);
  });
});

describe('orgs of the configuration file', () => {
  it('are verified by their own schemes', async () => {
    mkdirSync(scratch.path, { recursive: true });
    const file = join(scratch.path, 'relay.json');
    writeFileSync(
      file,
      JSON.stringify({
        orgs: [
          {
            id: 'beta',
            hosts: ['beta.okta.com', 'login.beta.example.com'],
            authentication: [{ kind: 'basic', credentials: ['okta:first-password', 'okta:second-password'] }],
          },
          {
            id: 'gamma',
            hosts: ['gamma.okta.com'],
            authentication: [{ kind: 'header', headerName: 'X-Relay-Key', secrets: ['old-key-000000', 'new-key-000000'] }],
          },
        ],
      }),
    );
    const relay = await startRelayProcess({ dataDir: dataDir(), port: await freePort(), args: ['--config', file] });
    const status = async (org: string, headers: Record<string, string>) =>
      (await postHookTaken(relay.url, hookBody([logEvent()], org), { org, headers: { authorization: '', ...headers } })).status;
    const basic = (credentials: string) => ({ authorization: `Basic ${Buffer.from(credentials).toString('base64')}` });
    expect(await status('beta', basic('okta:first-password'))).toBe(200);
    expect(await status('beta', basic('okta:second-password'))).toBe(200);
    expect(await status('beta', basic('okta:third-password'))).toBe(401);
    expect(await status('gamma', { 'x-relay-key': 'old-key-000000' })).toBe(200);
    expect(await status('gamma', { 'X-RELAY-KEY': 'new-key-000000' })).toBe(200);
    expect(await status('gamma', {})).toBe(401);
    expect((await admin(relay.url, '/v1/subscriptions')).status).toBe(200);
    await relay.stop();
  });
});
