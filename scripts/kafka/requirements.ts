import { existsSync } from 'node:fs';
import { jarFolder } from './fetch-kafka.ts';
import { runCommand } from './run-command.ts';
import { leastJavaVersion } from './versions.ts';

export type Requirements = { readonly kind: 'available' } | { readonly kind: 'missing'; readonly what: string };

/** Whether this machine can run the broker. Maven is needed only until the broker has been fetched once. */
export async function checkRequirements(version: string): Promise<Requirements> {
  const missing = [await javaProblem(), existsSync(jarFolder(version)) ? undefined : await mavenProblem()].filter(
    (problem) => problem !== undefined,
  );
  return missing.length === 0 ? { kind: 'available' } : { kind: 'missing', what: missing.join('; ') };
}

async function javaProblem(): Promise<string | undefined> {
  const result = await runCommand('java', ['-version']);
  if (result.kind === 'missing') return `no \`java\` in the PATH (Java ${leastJavaVersion} or newer is needed)`;
  const major = javaMajor(result.output);
  if (result.code !== 0 || major === undefined)
    return `\`java -version\` does not say which Java it is (Java ${leastJavaVersion} or newer is needed)`;
  return major < leastJavaVersion ? `\`java\` is version ${major}, and ${leastJavaVersion} or newer is needed` : undefined;
}

/** From `openjdk version "17.0.15" 2025-04-15`, `openjdk version "21" …` or, up to Java 8, `java version "1.8.0_402"`. */
export function javaMajor(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match === null ? undefined : Number(match[1]);
}

async function mavenProblem(): Promise<string | undefined> {
  const result = await runCommand('mvn', ['-version']);
  if (result.kind === 'missing') return 'no `mvn` in the PATH (Maven fetches the broker, once)';
  return result.code === 0 ? undefined : `\`mvn -version\` fails: ${result.output.trim().split('\n')[0] ?? ''}`;
}
