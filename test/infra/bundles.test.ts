import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { variables, type VariableName } from '#lib/config/variables.ts';
import { bundleFunction } from '../../scripts/bundles/bundle-function.ts';
import { limitKb } from '../../scripts/bundles/limits.ts';
import { resource, synthesise } from './synthesise.ts';

const names = Object.keys(functionSettings) as FunctionName[];
const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** For local mode and for tests alone: no function in AWS is given one of these. */
const localOnly: readonly string[] = [
  'SECRETS_KEY_FILE',
  'RELAY_ADMIN_TOKEN',
  'ALLOW_LOOPBACK_SUBSCRIBERS',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
];

/** Loads a bundle as Lambda does, with this environment and no other, and notes which variables it asks for. */
const load = `
  const asked = new Set();
  const given = JSON.parse(process.argv[2]);
  process.env = new Proxy(given, { get: (target, name) => (typeof name === 'string' && asked.add(name), target[name]) });
  const module = await import(process.argv[1]);
  process.stdout.write(JSON.stringify({ asked: [...asked], handler: typeof module.handler }), () => process.exit(0));
`;

function loaded(file: string, environment: Readonly<Record<string, string>>): { asked: string[]; handler: string } {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', load, file, JSON.stringify(environment)], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { asked: string[]; handler: string };
}

describe.each(names)('the bundle of %s', (name) => {
  const given: readonly string[] = functionSettings[name].variables;
  const environment = Object.fromEntries([...given, 'AWS_REGION'].map((variable) => [variable, exampleOf(variable)]));

  it('is no larger than it may be, loads on plain Node with the settings of the stack alone, and reads each of them', async () => {
    const { file, bytes } = await bundleFunction(name, join(folder, name));
    expect(bytes, '`npm run bundles` says what is inside').toBeLessThanOrEqual(limitKb(name) * 1_024);
    const { asked, handler } = loaded(file, environment);
    expect(handler).toBe('function');
    const read = asked.filter((variable): variable is VariableName => variable in variables);
    const missing = read.filter((variable) => !(variable in environment) && !localOnly.includes(variable));
    expect(missing, 'read, but not given by the stack').toEqual([]);
    const unread = given.filter((variable) => !read.includes(variable as VariableName));
    expect(unread, 'given by the stack, but not read').toEqual([]);
  });

  it('gets those settings from the stack', () => {
    const { Properties } = resource(synthesise('dev'), 'AWS::Lambda::Function', `${pascal(name)}Function`);
    expect(Object.keys(Properties['Environment'].Variables as object).sort()).toEqual([...given, 'NODE_OPTIONS'].sort());
  });
});

function exampleOf(name: string): string {
  const definition = Object.entries(variables).find(([known]) => known === name)?.[1];
  if (definition === undefined) throw new Error(`${name} is not in lib/config/variables.ts`);
  return definition.example;
}

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
