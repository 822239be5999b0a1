import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { slf4jVersion } from './versions.ts';

const home = join(import.meta.dirname, '../../.relay/kafka');

/** Where the jars of one version are, once they were fetched. The folder is there with all of them or not at all. */
export function jarFolder(version: string): string {
  return join(home, version);
}

/**
 * Fetches the broker's jars with the machine's own Maven, by its own settings. Does nothing where they are.
 * @throws Error with the end of Maven's output
 */
export async function fetchKafka(version: string, options: { say: (line: string) => void; signal?: AbortSignal }): Promise<void> {
  options.signal?.throwIfAborted();
  if (existsSync(jarFolder(version))) return;
  options.say(`Downloading Apache Kafka ${version} with mvn, once (about 45 MB) ...`);
  mkdirSync(home, { recursive: true });
  const scratch = mkdtempSync(join(home, 'fetch-'));
  try {
    writeFileSync(join(scratch, 'pom.xml'), pom(version));
    const goal = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(scratch, 'jars')}`];
    const result = await runCommand('mvn', goal, { cwd: scratch, ...(options.signal === undefined ? {} : { signal: options.signal }) });
    if (result.kind === 'missing') throw new Error('no `mvn` in the PATH (Maven fetches the broker, once)');
    if (result.code !== 0) throw new Error(`mvn could not fetch Apache Kafka ${version}:\n${errorLines(result.output)}`);
    takeInto(version, join(scratch, 'jars'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function takeInto(version: string, jars: string): void {
  try {
    renameSync(jars, jarFolder(version));
  } catch (error) {
    // Somebody else fetched the same version meanwhile; the jars are the same.
    if (!existsSync(jarFolder(version))) throw error;
  }
}

function errorLines(output: string): string {
  const lines = output.split('\n').filter((line) => line.includes('ERROR'));
  return (lines.length > 0 ? lines : output.split('\n')).slice(0, 4).join('\n');
}

function pom(version: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>kafka-broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>${slf4jVersion}</version></dependency>
  </dependencies>
</project>
`;
}
