import type * as z from 'zod';
import { CommandFailure } from './command-failure.ts';
import { networkReason } from './network-reason.ts';
import { tokenRequest, type OktaCredentials } from './okta-authorization.ts';
import { oktaRefusal, parseJson } from './okta-failure.ts';
import { accessTokenSchema } from './okta-access-token.ts';
import { rateLimitWaitMs } from './rate-limit.ts';

export interface OktaCall<Schema extends z.ZodType> {
  /** For messages: what the call is for, e.g. `listing the event hooks`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the org. */
  readonly path: string;
  readonly body?: unknown;
  readonly schema: Schema;
  /** False: a call that may have been carried out although its answer was lost is not made again. */
  readonly repeatable: boolean;
}

export interface OktaAnswer<Body> {
  readonly body: Body;
  /** `link` headers. */
  readonly link: string;
}

export interface OktaSurroundings {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told why it takes long. */
  readonly notice: (line: string) => void;
}

/** Okta itself waits up to six seconds for a hook that it verifies. */
const timeoutMs = 20_000;
const maxTries = 4;
/** Before trying again what failed, the first time; twice as long each time. */
const waitMs = 1_000;

/** Okta's management API for one org. Nothing is sent anywhere else: redirects are not followed. */
export class OktaApi {
  readonly #org: URL;
  readonly #credentials: OktaCredentials;
  readonly #surroundings: OktaSurroundings;
  #authorization: Promise<string> | undefined;

  constructor(org: URL, credentials: OktaCredentials, surroundings: OktaSurroundings) {
    this.#org = org;
    this.#credentials = credentials;
    this.#surroundings = surroundings;
  }

  get origin(): string {
    return this.#org.origin;
  }

  /** @throws OktaRefusal when Okta says no; CommandFailure when it cannot be reached or understood. */
  async call<Schema extends z.ZodType>(call: OktaCall<Schema>): Promise<OktaAnswer<z.infer<Schema>>> {
    this.#authorization ??= this.#authorize();
    const headers = { authorization: await this.#authorization, accept: 'application/json', 'content-type': 'application/json' };
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    return this.#send(call, { method: call.method, headers, ...body });
  }

  async #authorize(): Promise<string> {
    if (this.#credentials.kind === 'api-token') return `SSWS ${this.#credentials.token}`;
    const path = '/oauth2/v1/token';
    const form = await tokenRequest(this.#credentials, { tokenUrl: `${this.#org.origin}${path}`, nowMs: this.#surroundings.now() });
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
    const { body } = await this.#send(
      // Not repeatable: Okta takes an assertion once.
      { what: 'an access token', method: 'POST', path, schema: accessTokenSchema, repeatable: false },
      { method: 'POST', headers, body: form },
    );
    return `Bearer ${body.access_token}`;
  }

  async #send<Schema extends z.ZodType>(call: OktaCall<Schema>, init: RequestInit): Promise<OktaAnswer<z.infer<Schema>>> {
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= maxTries;
      const answer = await this.#exchange(call.path, init);
      if (answer.kind === 'lost') {
        if (last || !call.repeatable) throw lostAnswer(call, this.#org, answer.cause);
        await this.#surroundings.sleep(waitMs * 2 ** (attempt - 1));
      } else if (answer.status === 429 && !last) await this.#waitForRateLimit(answer.headers);
      else if (answer.status >= 500 && call.repeatable && !last) await this.#surroundings.sleep(waitMs * 2 ** (attempt - 1));
      else return this.#read(call, answer);
    }
  }

  async #waitForRateLimit(headers: Headers): Promise<void> {
    const ms = rateLimitWaitMs(headers, this.#surroundings.now());
    this.#surroundings.notice(`Okta's rate limit: going on in ${Math.ceil(ms / 1000)} s`);
    await this.#surroundings.sleep(ms);
  }

  async #exchange(path: string, init: RequestInit): Promise<Exchange> {
    try {
      const response = await fetch(`${this.#org.origin}${path}`, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
      return { kind: 'answered', status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      return { kind: 'lost', cause };
    }
  }

  #read<Schema extends z.ZodType>(call: OktaCall<Schema>, { status, headers, text }: Answered): OktaAnswer<z.infer<Schema>> {
    if (status < 200 || status >= 300)
      throw oktaRefusal(call.what, { status, body: text, location: headers.get('location') }, this.#credentials.kind);
    const parsed = call.schema.safeParse(parseJson(text));
    if (parsed.success) return { body: parsed.data, link: headers.get('link') ?? '' };
    throw new CommandFailure(`Okta's answer to ${call.what} is not what its documents describe`, [
      ...parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`),
      'Check that --okta-org is an Okta org.',
    ]);
  }
}

type Answered = { readonly kind: 'answered'; readonly status: number; readonly headers: Headers; readonly text: string };
type Exchange = Answered | { readonly kind: 'lost'; readonly cause: unknown };

function lostAnswer({ what, repeatable }: { what: string; repeatable: boolean }, org: URL, cause: unknown): CommandFailure {
  return new CommandFailure(
    `No answer from ${org.origin} to ${what} (${networkReason(cause)})`,
    repeatable ? [] : ['Okta may have done it all the same: run the command again, it finds what is there.'],
    { cause },
  );
}
