import { isDeeperThan, maxJsonDepth } from '#lib/identity/is-deeper-than.ts';
import * as z from 'zod';
import { CommandFailure } from './command-failure.ts';
import { scopes, type OktaCredentials } from './okta-authorization.ts';

/** Okta answered, and said no. */
export class OktaRefusal extends CommandFailure {
  readonly status: number;

  constructor(status: number, message: string, advice: readonly string[]) {
    super(message, advice);
    this.status = status;
  }
}

/** https://developer.okta.com/docs/reference/error-codes/, and RFC 6749 5.2 for tokens. */
const errorBodySchema = z.object({
  errorCode: z.string().optional(),
  errorSummary: z.string().optional(),
  errorCauses: z.array(z.object({ errorSummary: z.string().optional() })).optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
});

/** What an answer other than a success means for whoever runs the command. */
export function oktaRefusal(
  what: string,
  { status, body, location }: { status: number; body: string; location: string | null },
  credentials: OktaCredentials['kind'],
): OktaRefusal {
  const { code, said } = readErrorBody(body);
  const advice =
    location === null || status < 300 || status >= 400
      ? adviceFor(status, code, credentials)
      : [`It sends on to ${location}: give that org's own URL.`];
  return new OktaRefusal(status, `Okta refused ${what}: ${[String(status), code].filter(Boolean).join(' ')}`, [...said, ...advice]);
}

function readErrorBody(body: string): { code: string; said: string[] } {
  const parsed = errorBodySchema.safeParse(parseJson(body));
  if (!parsed.success) return { code: '', said: [] };
  const { errorCode, errorSummary, errorCauses = [], error, error_description: description } = parsed.data;
  const said = [errorSummary, ...errorCauses.map((cause) => cause.errorSummary), description].filter(
    (text) => text !== undefined && text !== '',
  );
  return { code: errorCode ?? error ?? '', said: [...new Set(said)].map((text) => `Okta says: ${text}`) };
}

/** Undefined for what is no JSON, and for what is nested deeper than anything can be that is read, compared and written again. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(maxJsonDepth, value) ? undefined : value;
  } catch {
    // Whoever asked looks at the shape next, and undefined has none.
    return undefined;
  }
}

function adviceFor(status: number, code: string, credentials: OktaCredentials['kind']): string[] {
  if (code === 'invalid_scope') return [`Grant the app ${scopes.replace(' ', ' and ')}, on its tab Okta API Scopes.`];
  if (code === 'invalid_client') return ['Check --client-id, and that the public half of --private-key-file is among the keys of the app.'];
  if (code.includes('dpop')) return ['The app asks for DPoP, which this command does not do: switch off "Require DPoP header" at the app.'];
  if (status === 401)
    return credentials === 'api-token'
      ? ['The API token is not of this org, was revoked, or ended: Okta ends one that was not used for 30 days.']
      : ['Okta did not take the access token it gave: check that --okta-org is the org of the app.'];
  if (status === 403)
    return credentials === 'api-token'
      ? ['Whoever made the token may not manage event hooks: that takes a super administrator, or a custom role with that permission.']
      : [`The app needs the scopes ${scopes.replace(' ', ' and ')}, and an admin role that may manage event hooks.`];
  if (status === 404) return ['Check --okta-org: it is the URL of the org itself, such as https://acme.okta.com.'];
  return status >= 500 ? ['Okta itself failed. It may have done it all the same: run the command again, it finds what is there.'] : [];
}
