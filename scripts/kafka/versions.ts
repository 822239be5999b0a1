/** The line that MSK runs, newest patch; what `npm run kafka` starts. */
export const defaultVersion = '3.9.2';
/** The newest line that was tried; the suites run on it once. 4.4.0 is listed but lacks a part of itself. */
export const newestVersion = '4.3.1';

/** Brokers of the 4.x line need it (kafka.apache.org, "Compatibility"), and 3.9 runs on it. */
export const leastJavaVersion = 17;
/** The logging binding for the slf4j 1.7 that Kafka brings; without one it prints a warning and says nothing ever after. */
export const slf4jVersion = '1.7.36';

export type VersionAnswer = { readonly kind: 'version'; readonly version: string } | { readonly kind: 'refused'; readonly why: string };

/** Only whole versions from 3.9 on: older ones cannot be started this way. The text ends up in a file that Maven reads. */
export function parseVersion(text: string): VersionAnswer {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) return { kind: 'refused', why: `--version ${text}: is three numbers, e.g. ${newestVersion}` };
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < 3 || (major === 3 && minor < 9)) return { kind: 'refused', why: `--version ${text}: 3.9 is the oldest line that runs here` };
  return { kind: 'version', version: text };
}
