import { spawn } from 'node:child_process';

export type CommandResult =
  | { readonly kind: 'ended'; readonly code: number | null; readonly output: string }
  /** There is no such program. */
  | { readonly kind: 'missing' };

/** Runs a program to its end; `output` is what it wrote, both streams together. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { cwd?: string; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => {
      // A program that was ended may have started others, which keep the pipes open; nobody reads them any more.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      if (error.code === 'ENOENT') resolve({ kind: 'missing' });
      else reject(error);
    });
    child.on('close', (code) => resolve({ kind: 'ended', code, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
