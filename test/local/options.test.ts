import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { parseOptions } from '../../local/options.ts';
import { scratchFolder } from '../support/relay-process.ts';

let scratch: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  scratch = scratchFolder();
  provideEnvironment({ KAFKA_BROKERS: '', RELAY_ADMIN_TOKEN: '' });
});
afterEach(() => scratch.remove());

const options = (...args: string[]) => {
  const parsed = parseOptions(args);
  if (parsed.kind !== 'options') throw new Error(JSON.stringify(parsed));
  return parsed.options;
};
const problems = (...args: string[]) => {
  const parsed = parseOptions(args);
  return parsed.kind === 'problems' ? parsed.problems : [];
};
const configFile = (content: unknown) => {
  const file = join(scratch.path, 'relay.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

describe('the flags of local mode', () => {
  it('have defaults that start without any', () => {
    expect(options()).toEqual({
      port: 4040,
      dataDir: '.relay',
      once: false,
      defaultOrg: true,
      adminToken: undefined,
      kafkaBrokers: undefined,
      orgs: [{ kind: 'flag', id: 'acme', host: 'acme.okta.com', secret: undefined }],
    });
  });

  it('take several orgs, each with its host', () => {
    expect(
      options('--org', 'acme', '--org', 'beta', '--org-host', 'beta=Login.Beta.example.com', '--hook-secret', 'long enough').orgs,
    ).toEqual([
      { kind: 'flag', id: 'acme', host: 'acme.okta.com', secret: 'long enough' },
      { kind: 'flag', id: 'beta', host: 'login.beta.example.com', secret: 'long enough' },
    ]);
    expect(options('--org', 'acme', '--org-host', 'login.acme.example.com').orgs).toMatchObject([{ host: 'login.acme.example.com' }]);
  });

  it('take token and brokers from the environment, the flag first', () => {
    provideEnvironment({ RELAY_ADMIN_TOKEN: 'token-from-environment', KAFKA_BROKERS: '127.0.0.1:9092, 127.0.0.1:9093' });
    expect(options()).toMatchObject({ adminToken: 'token-from-environment', kafkaBrokers: ['127.0.0.1:9092', '127.0.0.1:9093'] });
    expect(options('--admin-token', 'token-from-the-flag')).toMatchObject({ adminToken: 'token-from-the-flag' });
  });

  it.each([
    [['--port', '70000'], '--port'],
    [['--port', '-1'], '--port'],
    [['--org', 'demo'], 'taken by the demonstration'],
    [['--org', 'unknown'], 'the org name unknown is taken by the relay itself'],
    [['--org', 'relay'], 'the org name relay is taken by the relay itself'],
    [['--org', 'acme', '--org', 'acme'], 'given twice'],
    [['--org', 'acme', '--org', 'beta', '--org-host', 'login.example.com'], '<org>=<host>'],
    [['--hook-secret', 'with ümlaut'], 'printable ASCII'],
    [['stray'], 'stray'],
  ])('refuse %j', (args, said) => {
    expect(problems(...args).join('\n')).toContain(said);
  });

  it('do not take the next flag for their value', () => {
    expect(problems('--data-dir', '--port', '4052')).toEqual(['--data-dir needs a value (e.g. --data-dir .relay)']);
    expect(options('--hook-secret=--with dashes', '--once')).toMatchObject({ once: true, orgs: [{ secret: '--with dashes' }] });
  });
});

it('names every fault at once, each with an example', () => {
  const said = problems(
    '--port',
    'abc',
    '--org',
    'A B',
    '--hook-secret',
    'x',
    '--admin-token',
    'y',
    '--foo',
    '--org-host',
    'z=1',
    '--config',
    join(scratch.path, 'none.json'),
    '--data-dir=',
  );
  for (const name of ['--port', '--org A B', '--hook-secret', '--admin-token', '--foo', '--org-host', '--config', '--data-dir']) {
    expect(
      said.filter((problem) => problem.startsWith(name)),
      name,
    ).toHaveLength(1);
  }
  expect(
    said.every((problem) => problem.includes('(e.g. ')),
    said.join('\n'),
  ).toBe(true);
  expect(said).toHaveLength(8);
});

describe('the configuration file of local mode', () => {
  it('names orgs with schemes, secrets and hosts', () => {
    const definition = {
      id: 'gamma',
      hosts: ['gamma.okta.com', 'login.gamma.example.com'],
      authentication: [{ kind: 'hmac', secrets: ['first-secret', 'second-secret'] }],
    };
    expect(options('--config', configFile({ orgs: [definition] }))).toMatchObject({
      defaultOrg: false,
      orgs: [{ kind: 'file', definition }],
    });
  });

  it('is refused with every fault, and never repeats a secret', () => {
    const said = problems(
      '--config',
      configFile({
        orgs: [
          {
            id: 'Gamma',
            hosts: [],
            authentication: [
              { kind: 'header', headerName: 'X Y', secrets: ['tiny'] },
              { kind: 'basic', credentials: ['tellnobody'] },
            ],
          },
        ],
      }),
    ).join('\n');
    for (const place of [
      'orgs.0.id',
      'orgs.0.hosts',
      'orgs.0.authentication.0.headerName',
      'orgs.0.authentication.0.secrets.0',
      'orgs.0.authentication.1.credentials.0',
    ])
      expect(said).toContain(place);
    expect(said.match(/\(e\.g\. /g)).toHaveLength(5);
    expect(said).not.toContain('tiny');
    expect(said).not.toContain('tellnobody');
  });

  it.each([
    ['{\n  not json', "is not JSON: Expected property name or '}' in JSON at position 4 (line 2 column 3)"],
    ['{ "orgs": secret-canary }', "is not JSON: Unexpected token 's' (e.g. "],
    [
      { orgs: [{ id: 'unknown', hosts: ['a.okta.com'], authentication: [{ kind: 'hmac', secrets: ['long enough'] }] }] },
      'the org name unknown is taken',
    ],
    [{}, 'orgs'],
    [{ orgs: [], more: 1 }, 'orgs'],
  ])('is refused when it holds %j', (content, said) => {
    const found = problems('--config', configFile(content)).join('\n');
    expect(found).toContain(said);
    expect(found).not.toContain('canary');
  });

  it('is shown with what Okta can send, and not at all where there is none', () => {
    expect(problems('--config', configFile({}))).toEqual([expect.stringContaining('"kind": "header"')]);
    const none = join(scratch.path, 'none.json');
    expect(problems('--config', none)).toEqual([`--config ${none}: there is no such file (e.g. --config orgs.json)`]);
    expect(problems('--config', scratch.path)).toEqual([`--config ${scratch.path}: cannot be read (EISDIR) (e.g. --config orgs.json)`]);
  });
});
