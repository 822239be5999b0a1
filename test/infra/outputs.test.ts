import { describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { readCommand } from '../../cli/read-command.ts';
import { variants } from '../../infra/variants.ts';
import { tableWith, withoutTicks } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';
import { readable, synthesiseStage } from './synthesise.ts';

provideEnvironment({
  OKTA_API_TOKEN: 'canary-token',
  HOOK_SECRET: 'canary-secret',
  AWS_ACCESS_KEY_ID: 'canary-id',
  AWS_SECRET_ACCESS_KEY: 'canary-key',
});

it('the outputs are those that docs/deploy.md says', () => {
  const { rows } = tableWith(readText('docs/deploy.md'), 'output');
  const said = rows.flatMap(([cell = '']) => cell.split(',').map((name) => withoutTicks(name.trim())));
  const made = variants().flatMap(({ stage }) => Object.keys(synthesiseStage(stage).findOutputs('*')));
  expect([...new Set(made)].toSorted()).toEqual(said.toSorted());
});

/** As a shell splits it: none of its words has a blank, and quotes are around whole words. */
function printed(name: string): string[] {
  const template = synthesiseStage(variants().find((variant) => variant.name === name)!.stage);
  const command = readable(template.findOutputs('RegisterHook')['RegisterHook']!['Value']);
  // In place of each API, the address that AWS gives it.
  return command
    .replaceAll(/FrontDoor(Hooks|Admin)Api/g, 'https://a1b2c3.execute-api.eu-central-1.amazonaws.com')
    .replaceAll('ORG', 'acme')
    .split(' ')
    .map((word) => word.replaceAll(/^'|'$/g, ''));
}

describe('the command that the stack prints', () => {
  it.each([
    ['prod', { kind: 'relay', org: 'acme' }],
    ['prod-everything', { kind: 'named', patterns: ['identity.*'] }],
  ])('registers, for %s, the hook of an org', (name, patterns) => {
    const words = printed(name);
    expect(words.slice(0, 4)).toEqual(['npm', 'run', 'okta-relay', '--']);
    expect(readCommand(words.slice(4))).toMatchObject({ kind: 'command', command: { kind: 'hook register', patterns } });
  });
});
