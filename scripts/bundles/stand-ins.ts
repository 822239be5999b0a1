import type { Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../infra/bundling.ts';

/**
 * Packages that a bundle has something smaller for, each with the reason why it is never missed. test/bundles runs what comes of it.
 */
export const packageStandIns = {
  // Every client of the SDK brings the whole chain of places where credentials may be; in Lambda there is one.
  '@aws-sdk/credential-provider-node': 'lib/wiring/lambda-credentials.ts',
  // The same chain once more, for the signer of MSK's tokens.
  '@aws-sdk/credential-providers': 'lib/wiring/lambda-credentials.ts',
  // The signer asks STS who it is, in a debugging mode that nothing here switches on.
  '@aws-sdk/client-sts': 'lib/wiring/lambda-credentials.ts',
  // The signer hashes in JavaScript.
  '@aws-crypto/sha256-js': 'lib/aws/node-checksums.ts',
  // The SDK loads it for calls that answer with a stream of events, of which the relay makes none.
  '@smithy/core/event-streams': 'scripts/bundles/stand-ins/event-streams.ts',
  // The DynamoDB client is made with it, and uses it only where endpoint discovery is switched on.
  '@aws-sdk/middleware-endpoint-discovery': 'scripts/bundles/stand-ins/endpoint-discovery.ts',
  // It brings each algorithm twice, by Node and in JavaScript; the clients of DynamoDB and SQS take two of them.
  '@smithy/core/checksum': 'lib/aws/node-checksums.ts',
} as const;

/** The same for files that a package imports by a relative path, which esbuild's `alias` does not see. */
export const fileStandIns = {
  // Every schema can describe itself as JSON Schema; only `npm run schemas` asks, which is not bundled.
  'zod/v4/core/json-schema-processors.js': 'scripts/bundles/stand-ins/json-schema-processors.ts',
  'zod/v4/core/to-json-schema.js': 'scripts/bundles/stand-ins/to-json-schema.ts',
} as const;

/**
 * Errors of tables, backups and replicas, which none of the relay's calls is answered with. Registered, each keeps its class in the
 * bundle; one that came all the same would be a DynamoDBServiceException of that name.
 */
const strangeErrors = [
  ...['BackupInUse', 'BackupNotFound', 'ContinuousBackupsUnavailable', 'PointInTimeRecoveryUnavailable', 'InvalidRestoreTime'],
  ...['ExportConflict', 'ExportNotFound', 'InvalidExportTime', 'ImportConflict', 'ImportNotFound'],
  ...['GlobalTableAlreadyExists', 'GlobalTableNotFound', 'ReplicaAlreadyExists', 'ReplicaNotFound'],
  ...['TableAlreadyExists', 'TableInUse', 'TableNotFound', 'IndexNotFound', 'PolicyNotFound'],
];

/** @throws Error where the SDK registers its errors in other words, so that raising it does not undo this unseen. */
export function withoutStrangeErrors(schemas: string): string {
  return strangeErrors.reduce((text, name) => {
    const registration = `n0_registry.registerError(${name}Exception$, ${name}Exception);`;
    if (!text.includes(registration)) throw new Error(`the DynamoDB client does not say ${registration}`);
    return text.replace(registration, '');
  }, schemas);
}

export function standInFile(path: string): string {
  return join(repositoryRoot, path);
}

const escaped = (path: string): string => path.replaceAll(/[.\\]/g, String.raw`\$&`).replaceAll('/', String.raw`[\\/]`);

export const standInPlugin: Plugin = {
  name: 'stand-ins',
  setup(build) {
    for (const [file, standIn] of Object.entries(fileStandIns))
      build.onLoad({ filter: new RegExp(`[\\\\/]node_modules[\\\\/]${escaped(file)}$`) }, () => ({
        contents: `export * from ${JSON.stringify(standInFile(standIn))};`,
        resolveDir: repositoryRoot,
      }));
    build.onLoad({ filter: /[\\/]client-dynamodb[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, ({ path }) => ({
      contents: withoutStrangeErrors(readFileSync(path, 'utf8')),
    }));
    // The SDK reads its version there, for the user agent, and kafkajs where bugs go, for its errors; both bring all that it says.
    build.onLoad({ filter: /[\\/]node_modules[\\/].*[\\/]package\.json$/ }, ({ path }) => {
      const { version, bugs } = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
      return { contents: JSON.stringify({ version, bugs }), loader: 'json' };
    });
  },
};
