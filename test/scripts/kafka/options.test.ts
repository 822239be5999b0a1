import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokerProperties } from '../../../scripts/kafka/broker-properties.ts';
import { readOptions } from '../../../scripts/kafka/options.ts';
import { javaMajor } from '../../../scripts/kafka/requirements.ts';
import { defaultVersion } from '../../../scripts/kafka/versions.ts';

const main = join(import.meta.dirname, '../../../scripts/kafka/main.ts');

describe('npm run kafka', () => {
  it('starts 3.9 on port 9092 in a folder of its line when nothing is said', () => {
    expect(readOptions([])).toEqual({
      kind: 'options',
      options: { version: defaultVersion, port: 9092, dataDir: '.relay/kafka/data-3.9' },
    });
  });

  it('takes a 4.x version, a free port and a folder', () => {
    expect(readOptions(['--version', '4.3.1', '--port', '0', '--data-dir', '/tmp/x'])).toEqual({
      kind: 'options',
      options: { version: '4.3.1', port: 0, dataDir: '/tmp/x' },
    });
  });

  it('lists every problem at once, each with its flag', () => {
    const answer = readOptions(['--version', '3.8.0', '--port', '70000', '--data-dir', '']);
    expect(answer.kind === 'refused' ? answer.problems.map((problem) => problem.split(/[ :]/)[0]) : []).toEqual([
      '--version',
      '--port',
      '--data-dir',
    ]);
  });

  it.each(['4', '4.x', '3.9.2</version>', '../3.9.2', '2.8.1'])('refuses the version %s', (version) => {
    expect(readOptions(['--version', version]).kind).toBe('refused');
  });

  it('refuses a flag it does not know', () => {
    expect(readOptions(['--prot', '1'])).toMatchObject({ kind: 'refused', problems: [expect.stringContaining('--prot')] });
  });

  it('listens on loopback alone', () => {
    const hosts = brokerProperties({ port: 1, controllerPort: 2, logDir: '/x' }).match(/(?<=:\/\/|@)[^:]*(?=:\d)/g);
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
  });

  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_402"', 8],
    ['nothing of the kind', undefined],
  ])('reads the Java version from %s', (output, major) => {
    expect(javaMajor(output)).toBe(major);
  });

  it('says all that is missing on a machine without Java and Maven, and exits 1', async () => {
    const result = await run(['--version', '9.9.9'], { PATH: '/nonexistent' });
    expect(result).toEqual({ code: 1, errors: expect.stringMatching(/no `java` in the PATH.*no `mvn` in the PATH/) });
  });

  it('names the port that is taken', async (context) => {
    if ((await run(['--help'], process.env)).code !== 0 || (await run(['--version', '3.8.0'], process.env)).code !== 1)
      throw new Error('the script does not run at all');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const dataDir = mkdtempSync(join(tmpdir(), 'relay-kafka-port-'));
    const result = await run(['--port', String(port), '--data-dir', dataDir], process.env);
    server.close();
    rmSync(dataDir, { recursive: true });
    if (result.errors.includes('Kafka cannot run here')) context.skip(result.errors.trim());
    expect(result).toEqual({ code: 1, errors: expect.stringContaining(`port ${port} on 127.0.0.1 is taken`) });
  }, 120_000);
});

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: unknown; errors: string }> {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, errors };
}
