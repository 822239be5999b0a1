import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { functionSettings } from '#lib/config/function-settings.ts';

/** A Lambda handler as its module exports it. */
export type LambdaHandler = (event: unknown, context: Context) => Promise<unknown>;

export class FunctionTimeout extends Error {
  override readonly name = 'FunctionTimeout';
}

/** The functions that run here: all but `cluster-setup`, which CloudFormation alone asks. */
const functionNames = ['receive-hook', 'respool', 'fan-out', 'deliver', 'sweep', 'admin', 'replay'] as const;
export type FunctionName = (typeof functionNames)[number];

/** In AWS it has three seconds, as Okta waits no longer. Here it shares the machine with all other functions and with the emulators. */
const receiveHookTimeoutMs = 5_000;

/** Every other function has the time limit that it has in AWS. */
function timeoutMsOf(name: FunctionName): number {
  return name === 'receive-hook' ? receiveHookTimeoutMs : functionSettings[name].timeoutSeconds * 1_000;
}

/** Loads the exported handlers. Done after the environment is provided, for a handler's wiring reads it when it is loaded. */
export async function loadHandlers(): Promise<Record<FunctionName, LambdaHandler>> {
  const loaded = await Promise.all(
    functionNames.map(async (name) => {
      const module = (await import(`../functions/${name}/handler.ts`)) as { handler: LambdaHandler };
      return [name, module.handler] as const;
    }),
  );
  return Object.fromEntries(loaded) as Record<FunctionName, LambdaHandler>;
}

/** Calls a handler as Lambda does: with a context that counts its time down, and an end to its time. The event is copied through JSON, as on the wire. */
export async function invoke(name: FunctionName, handler: LambdaHandler, event: unknown): Promise<unknown> {
  const timeoutMs = timeoutMsOf(name);
  const deadlineMs = Date.now() + timeoutMs;
  const context: Omit<Context, 'done' | 'fail' | 'succeed'> = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryLimitInMB: '512',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FunctionTimeout(`${name} did not end within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    // Node 24 has no callback handlers: the three methods they used are not there for a handler to call.
    return await Promise.race([handler(JSON.parse(JSON.stringify(event)), context as Context), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
