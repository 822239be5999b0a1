import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../cli/run-command.ts';
import { apiToken } from './stand-in-okta.ts';

export const hookSecret = 'canary-hook-secret-4d1f';

/** Files with secrets for one test file, and what runs the command with sleeps that are only noted. */
export function commandBench() {
  const folder = mkdtempSync(join(tmpdir(), 'okta-relay-command-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const tokenFile = file('api-token', `${apiToken}\n`);
  const secretFile = file('hook-secret', `${hookSecret}\n`);
  return {
    file,
    tokenFile,
    secretFile,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    async run(...args: readonly string[]): Promise<{ exitCode: number; output: string; slept: number[] }> {
      const lines: string[] = [];
      const slept: number[] = [];
      const say = (line: string) => void lines.push(line);
      const exitCode = await runCommand(args, { print: say, complain: say, now: Date.now, sleep: async (ms) => void slept.push(ms) });
      return { exitCode, output: lines.join('\n'), slept };
    },
  };
}
