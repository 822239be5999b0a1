import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { flagTable, type FlagRow } from '../../cli/flag-table.ts';
import { readCommand } from '../../cli/read-command.ts';
import { tableWith, withoutTicks } from '../architecture/markdown.ts';
import { readText, repositoryRoot } from '../architecture/repository.ts';
import { commandBench } from './command-run.ts';

const bench = commandBench();
afterAll(() => bench.remove());
provideEnvironment({ TOKEN: 'canary-token', TWO_LINES: 'one\ntwo', EMPTY: ' ' });

const okta = ['--okta-org', 'https://acme.okta.com', '--okta-token-env', 'TOKEN'];
const hook = ['--hook-url', 'https://hooks.example.com/okta/acme/events'];
const rest = [...okta, ...hook, '--secret-file', bench.secretFile, '--types', 'identity.*'];

const problemsOf = (...args: readonly string[]): readonly string[] => {
  const read = readCommand(args);
  return read.kind === 'problems' ? read.problems : [];
};

describe('readCommand', () => {
  it('takes the command of the documents', () => {
    expect(readCommand(['hook', 'register', ...rest])).toMatchObject({
      kind: 'command',
      command: {
        kind: 'hook register',
        patterns: { patterns: ['identity.*'] },
        hooks: { name: 'okta-event-relay', headerName: 'Authorization' },
      },
    });
  });

  it.each<[string, readonly string[], string]>([
    ['no command', okta, 'say which command'],
    ['a flag that is none', [...rest, '--speed', '9'], '--speed is no flag of okta-relay'],
    ['a flag of the prototype', [...rest, '--constructor'], '--constructor is no flag of okta-relay'],
    ['a flag twice', [...rest, '--name', 'a', '--name', 'b'], '--name is given twice'],
    ['a flag without its value', [...rest, '--name'], '--name needs a value'],
    ['a word too many', [...rest, 'canary-word'], 'a word after `hook register` that belongs to no flag'],
    ['the secret behind the command', [...rest, '--secret', 'canary-argv'], 'use --secret-file or --secret-env'],
    ['the token behind the command', [...rest, '--okta-token=canary-argv'], 'use --okta-token-file or --okta-token-env'],
    ['the key behind the command', [...rest, '--private-key', 'canary-argv'], 'use --private-key-file'],
    ['both ways to prove oneself', [...rest, '--client-id', '0oa1'], 'either an API token'],
    ['a key that is none', ['--client-id', '0oa1', '--private-key-file', bench.file('no-key', 'canary-key')], 'holds no private key'],
    ['a key on another curve', ['--client-id', '0oa1', '--private-key-file', bench.file('x', '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}')], 'that Okta does not take'], // prettier-ignore
    ['a variable that is not there', [...hook, '--secret-env', 'NOWHERE'], 'there is no variable of that name'],
    ['a secret of two lines', [...hook, '--secret-env', 'TWO_LINES'], 'one line of printable ASCII'],
    ['a file that is not there', [...hook, '--secret-file', '/nowhere'], '--secret-file: cannot be read (ENOENT)'],
    ['no secret', [...okta, ...hook, '--types', '*'], '--secret-env or --secret-file is needed'],
    ['no types', [...okta, ...hook, '--secret-file', bench.secretFile], 'give either --types or --from-relay'],
    ['a star in the middle', [...okta, ...hook, '--types', 'a.*.b'], 'a * can stand at the end only'],
    ['the relay without proof', [...okta, ...hook, '--from-relay', 'https://admin.example.com/v1'], 'needs either a token'],
    ['plain HTTP', ['--okta-org', 'http://acme.okta.com'], '--okta-org is to begin with https://'],
    ['a password in a URL', ['--hook-url', 'https://a:canary@example.com/okta/acme/events'], 'no user name and no password'],
    ['the Admin Console', ['--okta-org', 'https://acme-admin.okta.com'], 'leave out -admin'],
    ['ORG left as it is', ['--hook-url', 'https://hooks.example.com/okta/ORG/events'], 'in place of ORG'],
    ['a header that is none', [...rest, '--header-name', 'x: y'], '--header-name is no name of a header'],
  ])('refuses %s, and repeats no value', (_, args, problem) => {
    const problems = problemsOf(...(args === okta ? [] : ['hook', 'register']), ...args);
    expect(problems.join('\n')).toContain(problem);
    expect(problems.join('\n')).not.toContain('canary');
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['an unknown command', ['hok', 'list'], ['say which command: hook register, hook list, hook remove (--help shows all)']],
    [
      'a flag whose value is missing',
      ['hook', 'list', '--okta-org', '--okta-token-env', 'TOKEN'],
      ['--okta-org needs a value: your Okta org, e.g. https://acme.okta.com'],
    ],
    ['a token whose name is missing', ['hook', 'list', '--okta-org', 'https://acme.okta.com', '--okta-token-env'], ['--okta-token-env needs a value: the variable that holds an API token (SSWS)']], // prettier-ignore
    ['types that are missing', ['hook', 'register', ...okta, ...hook, '--secret-file', bench.secretFile, '--types'], ['--types needs a value: change types, Okta event types or beginnings with *, with commas between']], // prettier-ignore
    ['a secret that is missing', ['hook', 'register', ...okta, ...hook, '--types', '*', '--secret-env'], ['--secret-env needs a value: the variable that holds the secret of the org at the relay']], // prettier-ignore
    [
      'types that are in no list',
      ['hook', 'register', ...okta, ...hook, '--secret-file', bench.secretFile, '--types', 'identity.usr.*,identity.user.*,user.login'],
      [
        "--types: no event hook has identity.usr.*, user.login: look at the spelling; a type of Okta's that is newer than the list in here goes into --also",
      ],
    ],
  ])('says of %s that, and nothing that follows from it', (_, args, problems) => {
    expect(problemsOf(...args)).toEqual(problems);
  });

  it('takes types that are newer than its list by --also', () => {
    expect(readCommand(['hook', 'register', ...rest, '--also', 'user.lifecycle.teleport'])).toMatchObject({
      kind: 'command',
      command: { also: ['user.lifecycle.teleport'] },
    });
  });

  it.each([[[]], [['help']], [['--help']], [['hook', 'list', '--help']]])('shows its help for %j', (args) => {
    expect(readCommand(args)).toEqual({ kind: 'help' });
  });

  it('says everything that is wrong at once', () => {
    expect(problemsOf('hook', 'register', '--name', 'x').length).toBeGreaterThanOrEqual(5);
  });
});

describe('docs/okta.md', () => {
  const document = readText('docs/okta.md');

  it('has the table of flags that the code has', () => {
    const rows = tableWith(document, 'flag').rows.map(([flag, about]) => [withoutTicks(flag ?? ''), about]);
    const flags = Object.entries<FlagRow>(flagTable).map(([name, row]) => [`--${name}${row.value === undefined ? '' : ` ${row.value}`}`, row.about]); // prettier-ignore
    expect(rows).toEqual(flags);
  });

  it('gives commands that can be run', () => {
    const commands = [...document.matchAll(/^npm run okta-relay -- ((?:.*\\\n)*.*)$/gm)].map(([, text]) => text ?? '');
    expect(commands.length).toBeGreaterThanOrEqual(3);
    provideEnvironment({ OKTA_API_TOKEN: 'token', HOOK_SECRET: 'a secret', RELAY_ADMIN_TOKEN: 'admin' });
    for (const command of commands) {
      const args = command.replaceAll('\\\n', ' ').replaceAll('okta-key.pem', bench.tokenFile).trim().split(/\s+/).map((word) => word.replaceAll("'", '')); // prettier-ignore
      const problems = problemsOf(...args).filter((problem) => problem !== '--private-key-file holds no private key, neither as PEM without a passphrase nor as a JWK'); // prettier-ignore
      expect(problems, command).toEqual([]);
    }
  });
});

describe('the files of cli/', () => {
  it('have at most 200 lines', () => {
    const long = readdirSync(join(repositoryRoot, 'cli')).filter((file) => readText(`cli/${file}`).split('\n').length > 201);
    expect(long).toEqual([]);
  });
});
