import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';

/** What Lambda sets in every environment. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
export const lambdaEnvironment = {
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'ASIAINVENTEDLAMBDA00',
  AWS_SECRET_ACCESS_KEY: 'an invented secret',
  AWS_SESSION_TOKEN: 'an invented session',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  LAMBDA_TASK_ROOT: '/var/task',
  NODE_OPTIONS: '--enable-source-maps',
  TZ: ':UTC',
  LANG: 'en_US.UTF-8',
  PATH: '/usr/local/bin:/usr/bin:/bin',
} as const;

/**
 * The part of Lambda's runtime that a handler sees: the module is loaded once, each event comes as JSON and its answer leaves as JSON.
 * The runtime has handlers without a callback on Node 24.
 */
const endOfLines = '=== all that was logged ===\n';
const runtime = `
  process.on('message', async ({ event, context, timeoutMs }) => {
    const endsAt = Date.now() + timeoutMs;
    context.getRemainingTimeInMillis = () => endsAt - Date.now();
    let reply;
    try {
      const { handler } = await import(process.argv[1]);
      reply = { answer: (await handler(event, context)) ?? null };
    } catch (error) {
      reply = { error: String(error?.stack ?? error) };
    }
    process.stdout.write(${JSON.stringify(endOfLines)});
    process.send(reply);
  });
  process.send('started');
`;

type Reply = 'started' | { readonly answer: unknown } | { readonly error: string };

export interface LambdaProcess {
  /** What the handler answers. @throws Error with the handler's stack, or what the process said before it died */
  invoke(event: unknown): Promise<unknown>;
  /** Everything it has logged. */
  output(): string;
  stop(): void;
}

/** A bundle in a process of its own, with this environment and nothing of ours: no TypeScript, no packages, another folder. */
export async function startLambda(name: FunctionName, file: string, environment: Readonly<Record<string, string>>): Promise<LambdaProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', runtime, file], {
    cwd: dirname(file),
    env: { ...lambdaEnvironment, AWS_LAMBDA_FUNCTION_NAME: name, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  await reply(child, () => output);
  let [invocations, isClosed] = [0, false];
  const closed = once(child, 'close').then(() => (isClosed = true));
  // Answers and lines come by ways of their own, and either may be the first.
  const whenLogged = async (count: number): Promise<void> => {
    while (!isClosed && output.split(endOfLines).length <= count) await Promise.race([once(child.stdout as Readable, 'data'), closed]);
  };
  return {
    async invoke(event) {
      const timeoutMs = functionSettings[name].timeoutSeconds * 1_000;
      const replied = reply(child, () => output);
      child.send({ event, timeoutMs, context: { awsRequestId: `${name}-1`, functionName: name } });
      const result = await replied;
      await whenLogged((invocations += 1));
      if (result === 'started') throw new Error('the process started twice');
      if ('error' in result) throw new Error(`${name} failed: ${result.error}\n${output}`);
      return result.answer;
    },
    output: () => output,
    stop: () => void child.kill('SIGKILL'),
  };
}

function reply(child: ChildProcess, output: () => string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the process ended with ${code}: ${output()}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as Reply);
    });
  });
}
