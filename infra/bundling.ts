import { join } from 'node:path';
import type { FunctionName } from '#lib/config/function-settings.ts';

export const repositoryRoot = join(import.meta.dirname, '..');

export function handlerFile(name: FunctionName): string {
  return join(repositoryRoot, 'functions', name, 'handler.ts');
}

/**
 * Packages that a bundle has something smaller for, each with the reason why it is never missed. test/bundles runs what comes of it.
 */
export const standIns = {
  // Every client of the SDK brings the whole chain of places where credentials may be; in Lambda there is one.
  '@aws-sdk/credential-provider-node': join(repositoryRoot, 'lib/wiring/lambda-credentials.ts'),
  // The same chain once more, for the signer of MSK's tokens.
  '@aws-sdk/credential-providers': join(repositoryRoot, 'lib/wiring/lambda-credentials.ts'),
  // The signer asks STS who it is, in a debugging mode that nothing here switches on.
  '@aws-sdk/client-sts': join(repositoryRoot, 'lib/wiring/lambda-credentials.ts'),
  // The SDK loads it for calls that answer with a stream of events, of which the relay makes none.
  '@smithy/core/event-streams': join(repositoryRoot, 'scripts/bundles/stand-ins/event-streams.ts'),
  // The DynamoDB client is made with it, and uses it only where endpoint discovery is switched on.
  '@aws-sdk/middleware-endpoint-discovery': join(repositoryRoot, 'scripts/bundles/stand-ins/endpoint-discovery.ts'),
  // It brings each algorithm twice, by Node and in JavaScript; the clients of DynamoDB and SQS take two of them.
  '@smithy/core/checksum': join(repositoryRoot, 'lib/aws/node-checksums.ts'),
} as const;

/** How a function becomes one file, in esbuild's words. Used for what is deployed, for `npm run bundles` and for the test that loads it. */
export const bundling = {
  target: 'node24',
  mainFields: ['module', 'main'],
  // kafkajs is CommonJS and asks for Node's built-in modules by require(), which an ES module does not have.
  esbuildArgs: { '--alias': Object.entries(standIns).map(([name, file]) => `${name}=${file}`) },
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
} as const;
