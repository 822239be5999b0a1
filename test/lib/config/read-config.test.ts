import { expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { readConfig } from '#lib/config/read-config.ts';
import { variables, type VariableName } from '#lib/config/variables.ts';

/** What readConfig refuses this value with; empty where it takes it. Lambda writes the message of a failed start into the log. */
function refusal(name: VariableName, value: string): string {
  provideEnvironment({ [name]: value });
  try {
    readConfig([name]);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

it.each(Object.keys(variables) as VariableName[])('a refused %s is not repeated', (name) => {
  for (const value of ['planted', 'planted secret, long enough', 'kafka://planted:planted@example.com:1/é', '-1 planted'])
    expect(refusal(name, value)).not.toContain('planted');
});

it('a refusal names the setting', () => {
  expect(refusal('RELAY_ADMIN_TOKEN', 'planted secret, long enough')).toContain('RELAY_ADMIN_TOKEN must be printable ASCII');
});
