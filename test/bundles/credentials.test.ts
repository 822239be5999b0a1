import { mkdtempSync, rmSync } from 'node:fs';
import type { SQSEvent } from 'aws-lambda';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { variables } from '#lib/config/variables.ts';
import { repositoryRoot } from '../../infra/bundling.ts';
import { bundleFunction, bundleModule } from '../../scripts/bundles/bundle-function.ts';
import { lambdaEnvironment, startLambda } from './lambda-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Refuses every call, as AWS does, and keeps how it was signed. */
async function startRefusing(signed: IncomingHttpHeaders[]) {
  const server = createServer((request, response) => {
    signed.push(request.headers);
    request.resume();
    request.on('end', () => response.writeHead(400).end('{"__type":"AccessDeniedException"}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  // Not 127.0.0.1, for which the clients have credentials of their own.
  return { server, url: `http://0.0.0.0:${(server.address() as AddressInfo).port}` };
}

const servicesOf = (signed: readonly IncomingHttpHeaders[]): string[] =>
  [...new Set(signed.map(({ authorization }) => /Credential=ASIAINVENTEDLAMBDA00\/\d{8}\/us-east-1\/([a-z0-9]+)\/aws4_request, /.exec(authorization ?? '')?.[1] ?? 'nobody'))].sort(); // prettier-ignore

describe('the credentials of Lambda', () => {
  it('sign the calls of a bundle, to each service, with the session they belong to', async () => {
    const signed: IncomingHttpHeaders[] = [];
    const { server, url } = await startRefusing(signed);
    const { file } = await bundleFunction('deliver', join(folder, 'deliver'));
    const given = functionSettings.deliver.variables.map((name) => [name, variables[name].example] as const);
    const endpoints = { AWS_ENDPOINT_URL_DYNAMODB: url, AWS_ENDPOINT_URL_SQS: url, AWS_ENDPOINT_URL_S3: url };
    const bundle = await startLambda('deliver', file, { ...Object.fromEntries(given), ...endpoints });
    const golden = JSON.parse(readFileSync(new URL('../fixtures/aws/sqs-deliveries.json', import.meta.url), 'utf8')) as SQSEvent;
    // One is read, so that its subscription is looked for; one cannot be, and is to be put in quarantine; both stay, with a wait.
    for (const record of [golden.Records[0]!, { ...golden.Records[1]!, body: '{"v":1,"org":"acme"}' }]) {
      expect(await bundle.invoke({ Records: [record] })).toEqual({ batchItemFailures: [{ itemIdentifier: record.messageId }] });
    }
    bundle.stop();
    server.close();
    expect(servicesOf(signed)).toEqual(['dynamodb', 's3', 'sqs']);
    expect(new Set(signed.map((headers) => headers['x-amz-security-token']))).toEqual(new Set([lambdaEnvironment.AWS_SESSION_TOKEN]));
  });

  it('sign the token that MSK asks for', async () => {
    const { file } = await bundleModule(join(repositoryRoot, 'lib/kafka/iam-token.ts'), join(folder, 'iam-token'));
    const { url, error } = token(file, lambdaEnvironment);
    expect(error).toBeUndefined();
    const { searchParams, host } = new URL(url ?? '');
    expect(host).toBe('kafka.us-east-1.amazonaws.com');
    expect(searchParams.get('Action')).toBe('kafka-cluster:Connect');
    expect(searchParams.get('X-Amz-Credential')).toMatch(/^ASIAINVENTEDLAMBDA00\/\d{8}\/us-east-1\/kafka-cluster\/aws4_request$/);
    expect(searchParams.get('X-Amz-Security-Token')).toBe(lambdaEnvironment.AWS_SESSION_TOKEN);
    expect(searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('and the hash of Node make the very token that the signer makes with its own', async () => {
    const plain = join(repositoryRoot, 'lib/kafka/iam-token.ts');
    const { file } = await bundleModule(plain, join(folder, 'iam-token'));
    const { url } = token(file, lambdaEnvironment);
    expect(url).toMatch(/X-Amz-Date=20260102T030405Z/);
    expect(url).toBe(token(plain, lambdaEnvironment).url);
  });

  it('are missed by name when they are not there', async () => {
    const { file } = await bundleModule(join(repositoryRoot, 'lib/kafka/iam-token.ts'), join(folder, 'iam-token'));
    expect(token(file, { PATH: lambdaEnvironment.PATH }).error).toMatch(/CredentialsProviderError: AWS_ACCESS_KEY_ID and/);
  });
});

/** Asks lib/kafka/iam-token.ts or a bundle of it for a token, as kafkajs would, at one moment for all. */
function token(file: string, environment: Readonly<Record<string, string>>): { url?: string; error?: string } {
  const ask = `
    globalThis.Date = class extends Date {
      constructor(...given) { super(...(given.length === 0 ? ['2026-01-02T03:04:05Z'] : given)); }
    };
    const { iamTokenProvider } = await import(${JSON.stringify(pathToFileURL(file).href)});
    const result = await iamTokenProvider('us-east-1')().then(({ value }) => ({ url: Buffer.from(value, 'base64url').toString() }), (error) => ({ error: String(error) }));
    process.stdout.write(JSON.stringify(result));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', ask], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...environment },
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { url?: string; error?: string };
}
