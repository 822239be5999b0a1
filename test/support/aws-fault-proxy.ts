import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request of the AWS JSON protocol, as the proxy saw it. */
export interface AwsCall {
  /** `SendMessageBatch`, … */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface BatchEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
}

export type Fault =
  /** The service answers with an error of this name and does nothing. */
  | { readonly kind: 'error'; readonly name: string; readonly message?: string; readonly status?: number }
  /** The connection ends without an answer, before or after the service did what it was asked. */
  | { readonly kind: 'hang-up'; readonly done: boolean }
  /** Single entries of a batch fail; the others go through. */
  | { readonly kind: 'entries'; fails(entry: BatchEntry): { Code: string; SenderFault: boolean; Message?: string } | undefined };

export interface AwsFaultProxy {
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly calls: readonly AwsCall[];
  /** Asked for each request; undefined lets it through. */
  inject(fault: (call: AwsCall) => Fault | undefined): void;
  stop(): Promise<void>;
}

/** Stands between the AWS SDK and an emulator on this machine and brings about what an emulator never does. Speaks for SQS's protocol only. */
export async function startAwsFaultProxy(targetUrl: string): Promise<AwsFaultProxy> {
  const calls: AwsCall[] = [];
  let faultOf: (call: AwsCall) => Fault | undefined = () => undefined;
  const server = createServer((request, response) => {
    // An emulator that went away shows itself to the client as it would without the proxy: as a broken connection.
    answer(request, response).catch(() => request.socket.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString('utf8');
    const input = JSON.parse(text) as Record<string, unknown>;
    const call = { operation: String(request.headers['x-amz-target']).split('.').at(-1) ?? '', input };
    calls.push(call);
    const fault = faultOf(call);
    if (fault?.kind === 'error')
      return reply(response, fault.status ?? 400, { __type: `com.amazonaws.sqs#${fault.name}`, message: fault.message ?? '' });
    if (fault?.kind === 'hang-up' && !fault.done) return void request.socket.destroy();
    const forward = (body: unknown) => fetch(targetUrl, { method: 'POST', headers: headersOf(request), body: JSON.stringify(body) });
    if (fault?.kind === 'entries') return reply(response, 200, await withFailedEntries(input, fault, forward));
    const upstream = await forward(input);
    if (fault?.kind === 'hang-up') return void request.socket.destroy();
    reply(response, upstream.status, await upstream.json());
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    inject: (fault) => void (faultOf = fault),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function withFailedEntries(
  input: Record<string, unknown>,
  fault: Fault & { kind: 'entries' },
  forward: (body: unknown) => Promise<Response>,
): Promise<object> {
  const entries = input['Entries'] as BatchEntry[];
  const failures = entries.flatMap((entry) => {
    const failure = fault.fails(entry);
    return failure === undefined ? [] : [{ Id: entry.Id, ...failure }];
  });
  const others = entries.filter(({ Id }) => !failures.some((failure) => failure.Id === Id));
  if (others.length === 0) return { Successful: [], Failed: failures };
  const done = (await (await forward({ ...input, Entries: others })).json()) as { Successful: unknown[]; Failed: unknown[] };
  return { Successful: done.Successful, Failed: [...done.Failed, ...failures] };
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': String(request.headers['x-amz-target']) };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}
