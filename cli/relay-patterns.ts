import * as z from 'zod';
import { requestSigner } from '#lib/aws/request-signer.ts';
import { CommandFailure } from './command-failure.ts';
import { networkReason } from './network-reason.ts';
import { parseJson } from './okta-failure.ts';

/** The admin API, and how calls to it prove who makes them (docs/api.md). */
export interface RelayAdmin {
  /** Without the `/v1`. */
  readonly url: string;
  readonly proof: { readonly kind: 'token'; readonly token: string } | { readonly kind: 'iam'; readonly region: string };
}

const pageSchema = z.object({
  data: z.array(z.object({ types: z.array(z.string()), orgs: z.array(z.string()).optional() })),
  nextCursor: z.string().nullable(),
});
const timeoutMs = 30_000;

/**
 * The type patterns of all subscriptions that an org's changes can reach. Those that are paused or disabled count: they may be resumed, and what no
 * hook sent cannot be had later.
 * @throws CommandFailure
 */
export async function relayPatterns(relay: RelayAdmin, org: string): Promise<string[]> {
  const patterns = new Set<string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await readPage(relay, cursor);
    const reached = page.data.filter(({ orgs }) => orgs?.includes(org) ?? true);
    for (const pattern of reached.flatMap(({ types }) => types)) patterns.add(pattern);
    cursor = page.nextCursor;
  }
  return [...patterns];
}

async function readPage(relay: RelayAdmin, cursor: string): Promise<z.infer<typeof pageSchema>> {
  const url = new URL(`${relay.url}/v1/subscriptions?limit=100`);
  if (cursor !== '') url.searchParams.set('cursor', cursor);
  let status: number;
  let text: string;
  try {
    const headers = await provenHeaders(relay.proof, url);
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw new CommandFailure(`The relay's admin API cannot be asked for its subscriptions: ${networkReason(cause)}`, [], { cause });
  }
  const page = pageSchema.safeParse(parseJson(text));
  if (status === 200 && page.success) return page.data;
  throw new CommandFailure(`The relay's admin API answers ${status} instead of its subscriptions`, [
    status === 401 || status === 403
      ? 'Check the token, or that your AWS credentials may execute-api:Invoke it and --relay-region is its region.'
      : 'Check --from-relay: it is the output AdminUrl, in local mode what `npm start` prints.',
  ]);
}

async function provenHeaders(proof: RelayAdmin['proof'], url: URL): Promise<Record<string, string>> {
  const headers = { accept: 'application/json' };
  if (proof.kind === 'token') return { ...headers, authorization: `Bearer ${proof.token}` };
  const sign = requestSigner('execute-api', { region: proof.region });
  // fetch makes the host header itself.
  const { host: _, ...signed } = await sign({ method: 'GET', url, headers, body: new Uint8Array() });
  return signed;
}
