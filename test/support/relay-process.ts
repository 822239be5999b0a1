import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Secrets that the tests give the relay, so that they can look for them where they must not be. */
export const hookSecret = 'canary-hook-secret-7f3d';
export const adminToken = 'canary-admin-token-91ce';

export interface RelayProcess {
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Inodes of the sockets it has open (Linux). */
  socketInodes(): string[];
  /** Everything it printed so far, standard output and error. */
  output(): string;
  /** Kills it where it stands. */
  kill(): Promise<void>;
  /** SIGTERM; answers the exit code and how long it took. */
  stop(): Promise<{ exitCode: number | null; tookMs: number }>;
}

/** A folder for one test's relay, with what removes it. The relay's key lies beside its state, so both are inside. */
export function scratchFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'okta-event-relay-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Below the ports that Linux and macOS give to whoever asks for any, or for none as a client does. */
const [firstPort, lastPort] = [20_000, 30_000];

/**
 * A port that nobody listens on, and that nobody is given by chance before it is used, while a relay is killed and started again,
 * or for as long as nobody is to listen there.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(firstPort, lastPort);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      // Somebody has it: another one then.
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Runs what `npm start` runs, as a process of its own. `imports` are modules to load first. */
export function spawnRelay(
  args: readonly string[],
  options: { imports?: readonly string[]; environment?: Record<string, string> } = {},
): { child: ChildProcess; output(): string } {
  const imports = (options.imports ?? []).flatMap((file) => ['--import', file]);
  const { KAFKA_BROKERS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...imports, join(root, 'local/main.ts'), ...args], {
    cwd: root,
    env: { ...inherited, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  // Decoded as a whole: a chunk may end in the middle of a character.
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return { child, output: () => printed };
}

/** Starts the relay and waits until it says that it stays up. Rejects with its output when it ends instead. */
export async function startRelayProcess(options: {
  dataDir: string;
  port: number;
  orgs?: readonly string[];
  args?: readonly string[];
  environment?: Record<string, string>;
  /** Modules to load first. */
  imports?: readonly string[];
}): Promise<RelayProcess> {
  const orgs = (options.orgs ?? ['acme']).flatMap((org) => ['--org', org]);
  const args = [
    '--port',
    String(options.port),
    '--data-dir',
    options.dataDir,
    ...orgs,
    '--hook-secret',
    hookSecret,
    '--admin-token',
    adminToken,
    ...(options.args ?? []),
  ];
  const { child, output } = spawnRelay(args, { environment: options.environment ?? {}, imports: options.imports ?? [] });
  const exited = whenEnded(child);
  const ready = new Promise<'ready'>((resolve) =>
    child.stdout?.on('data', () => output().includes('The relay stays up') && resolve('ready')),
  );
  if ((await Promise.race([ready, exited])) !== 'ready') throw new Error(`the relay ended while starting:\n${output()}`);
  return {
    url: `http://127.0.0.1:${options.port}`,
    dataDir: options.dataDir,
    pid: child.pid ?? 0,
    socketInodes: () => socketInodes(child.pid ?? 0),
    output,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      const startedAt = performance.now();
      child.kill('SIGTERM');
      const [exitCode] = await exited;
      return { exitCode, tookMs: performance.now() - startedAt };
    },
  };
}

/** Runs the relay to its end and answers what it printed. */
export async function runRelay(
  args: readonly string[],
  options: { imports?: readonly string[]; environment?: Record<string, string> } = {},
): Promise<{ exitCode: number | null; output: string }> {
  const { child, output } = spawnRelay(args, options);
  const [exitCode] = await whenEnded(child);
  return { exitCode, output: output() };
}

/** Not `exit`, which may come before the last of what the process printed has been read. */
function whenEnded(child: ChildProcess): Promise<[number | null]> {
  // What `close` hands over: the exit code, and the signal, which nobody here asks for.
  return once(child, 'close') as Promise<[number | null]>;
}

function socketInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      // A descriptor closed between the listing and the reading is not one of those that stay open.
      return [];
    }
  });
}
