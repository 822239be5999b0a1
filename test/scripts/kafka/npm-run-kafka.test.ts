import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { topics } from '#lib/kafka/topics.ts';
import { jarFolder } from '../../../scripts/kafka/fetch-kafka.ts';
import { portIfFree } from '../../../scripts/kafka/free-port.ts';
import { defaultVersion } from '../../../scripts/kafka/versions.ts';
import { readUntil } from '../../lib/kafka/read-until.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';
import { pathWithJava, programsNaming, scratch, startScript, type ScriptRun } from './script-run.ts';

const hasKafka = sharedKafkaBrokers() !== undefined;
const given = process.env['RELAY_TEST_KAFKA_VERSION'];
/** The version that `npm test` has started, so that it has been fetched. */
const version = given === undefined || given === '' ? defaultVersion : given;
/** The broker gets ten seconds before it is killed. */
const stopMs = 15_000;
const testMs = 120_000;
const topic = 'kept.over.a.restart';

describe.skipIf(!hasKafka)(`npm run kafka on this machine${hasKafka ? '' : ` (${noKafka})`}`, () => {
  let folder: ReturnType<typeof scratch>;
  let dataDir: string;
  /** One that nobody has fetched, and no other run of this test asks for. */
  let unfetched: string;
  const runs: ScriptRun[] = [];
  beforeEach(() => {
    folder = scratch();
    dataDir = join(folder.path, 'data');
    unfetched = `9.9.${process.pid}${Date.now()}`;
  });
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.kill();
    rmSync(jarFolder(unfetched), { recursive: true, force: true });
    folder.remove();
  });

  function start(given: { version?: string; path?: string }): ScriptRun {
    const args = ['--version', given.version ?? version, '--port', '0', '--data-dir', dataDir];
    const run = startScript(args, given.path === undefined ? {} : { path: given.path });
    runs.push(run);
    return run;
  }
  async function readyPort(run: ScriptRun): Promise<number> {
    return Number((await run.printed(/^ready 127\.0\.0\.1:(\d+)$/m))[1]);
  }
  async function expectGone(port: number): Promise<void> {
    expect(await portIfFree(port)).toBe(port);
    expect(programsNaming(dataDir)).toEqual([]);
  }
  const valuesAt = async (port: number) =>
    (await readUntil(`127.0.0.1:${port}`, topic, (records) => records.length > 0)).map(({ value }) => Buffer.from(value!).toString());

  it(
    'serves clients, ends cleanly on Ctrl-C and on SIGTERM, keeps its data, and needs neither Maven nor a download again',
    async () => {
      const first = start({});
      const firstPort = await readyPort(first);
      const connection = { brokers: [`127.0.0.1:${firstPort}`], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };
      await ensureTopics(connection, { [topic]: { ...topics['identity.changes.v1'], partitions: 1 } });
      const log = kafkaChangeLog({ ...connection, topic });
      await log.append([{ key: 'a', value: Buffer.from('kept'), headers: {} }], { budgetMs: 10_000 });
      await log.disconnect();
      expect(programsNaming(dataDir)).toHaveLength(1);

      const interrupted = await first.end('SIGINT', 'terminal');
      expect(interrupted).toMatchObject({ exitCode: 0 });
      expect(interrupted.tookMs).toBeLessThan(stopMs);
      expect(first.output()).toMatch(/stopped\n$/);
      await expectGone(firstPort);

      const second = start({ path: pathWithJava(join(folder.path, 'bin')) });
      const secondPort = await readyPort(second);
      expect(await valuesAt(secondPort)).toEqual(['kept']);
      const terminated = await second.end('SIGTERM');
      expect(terminated).toMatchObject({ exitCode: 0 });
      expect(terminated.tookMs).toBeLessThan(stopMs);
      await expectGone(secondPort);
      expect(first.output() + second.output()).not.toMatch(/download/i);
    },
    testMs,
  );

  it(
    'says that it downloads, does so once, and ends cleanly on SIGTERM while it starts',
    async () => {
      const copy = `for a in "$@"; do case "$a" in -DoutputDirectory=*) mkdir -p "\${a#*=}"; ln -s '${jarFolder(version)}'/* "\${a#*=}/";; esac; done`;
      const first = start({ version: unfetched, path: pathWithJava(join(folder.path, 'with-mvn'), copy) });
      await first.printed(/^Starting Apache Kafka/m);
      const ended = await first.end('SIGTERM');
      const second = start({ version: unfetched, path: pathWithJava(join(folder.path, 'without')) });
      await second.printed(/^Starting Apache Kafka/m);
      await second.end('SIGTERM');

      expect(first.output()).toMatch(new RegExp(`^Downloading Apache Kafka ${unfetched} with mvn, once .*\nStarting`));
      expect(ended).toMatchObject({ exitCode: 0 });
      expect(ended.tookMs).toBeLessThan(stopMs);
      expect(second.output()).toMatch(/^Starting/);
      expect(programsNaming(dataDir)).toEqual([]);
    },
    testMs,
  );

  it(
    'ends cleanly on SIGTERM while it downloads, and leaves nothing half fetched',
    async () => {
      const slow = `case "$*" in *-version*) exit 0;; esac\nsleep 5 &\nexec tail -f '${folder.path}/bin/mvn'`;
      const run = start({ version: unfetched, path: pathWithJava(join(folder.path, 'bin'), slow) });
      await run.printed(/^Downloading/m);
      expect(await run.end('SIGTERM')).toMatchObject({ exitCode: 0 });
      expect(existsSync(jarFolder(unfetched))).toBe(false);
      // It was told to end, and is not waited for.
      await expect.poll(() => programsNaming(join(folder.path, 'bin')), { timeout: 30_000 }).toEqual([]);
    },
    testMs,
  );

  it(
    'says what Maven says when it cannot fetch the broker, and exits 1',
    async () => {
      const failing = 'case "$*" in *-version*) exit 0;; esac\necho "[INFO] hello"\necho "[ERROR] no route to host"\nexit 1';
      const run = start({ version: unfetched, path: pathWithJava(join(folder.path, 'bin'), failing) });
      expect(await run.ended).toBe(1);
      expect(run.output()).toMatch(/^Downloading/);
      expect(run.output()).toContain(`mvn could not fetch Apache Kafka ${unfetched}:\n[ERROR] no route to host\n`);
      expect(run.output()).not.toContain('hello');
      expect(existsSync(jarFolder(unfetched))).toBe(false);
    },
    testMs,
  );

  it(
    'says that only Maven is missing where Java is there and the broker was not fetched yet',
    async () => {
      const run = start({ version: unfetched, path: pathWithJava(join(folder.path, 'bin')) });
      expect(await run.ended).toBe(1);
      expect(run.output()).toBe('Kafka cannot run here: no `mvn` in the PATH (Maven fetches the broker, once)\n');
    },
    testMs,
  );

  it(
    'says that only Java is missing where the broker was fetched',
    async () => {
      const run = start({ path: join(folder.path, 'nothing here') });
      expect(await run.ended).toBe(1);
      expect(run.output()).toBe('Kafka cannot run here: no `java` in the PATH (Java 17 or newer is needed)\n');
      expect(readdirSync(folder.path)).toEqual([]);
    },
    testMs,
  );
});
