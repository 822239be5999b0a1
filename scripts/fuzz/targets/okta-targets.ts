import { cleanText } from '../../../cli/clean-text.ts';
import { CommandFailure } from '../../../cli/command-failure.ts';
import { accessTokenSchema } from '../../../cli/okta-access-token.ts';
import { OktaApi } from '../../../cli/okta-api.ts';
import { oktaRefusal, OktaRefusal, parseJson } from '../../../cli/okta-failure.ts';
import { planHooks, type HookPlan } from '../../../cli/plan-hooks.ts';
import { showHooks } from '../../../cli/show-hooks.ts';
import { eventHookBody, eventHookSchema, type EventHook } from '../../../cli/event-hook.ts';
import { noon } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { startRawSubscriber } from '../../../test/lib/https/raw-subscriber.ts';
import { jsonSeed, seedsOf } from '../seeds.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

const token = 'fuzz-okta-token';
const clean = cleanText([token]);
/** Fifty pages at most, with four tries each, over loopback. */
const answerLimitMs = 1_000;
const mostRequests = 50 * 4;

const wanted = { types: ['user.lifecycle.activate', 'group.user_membership.add'], url: 'https://relay.example.com/okta/acme/events', headerName: 'Authorization', name: 'relay', exact: true, setSecret: false, move: true }; // prettier-ignore

/** What the command prints must not write over a terminal, and must not repeat the token. */
function printable(lines: readonly string[]): void {
  for (const line of lines.map(clean)) {
    hold(!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(line), 'what is printed holds no control characters');
    hold(!line.includes(token), 'what is printed does not repeat the token');
  }
}

/** Applied in thought, a plan leaves nothing to do. */
function plannable(hooks: readonly EventHook[]): void {
  const plan: HookPlan = planHooks(hooks, wanted);
  if (plan.kind === 'name-taken') return;
  for (const step of plan.steps) {
    if (step.kind !== 'create' && step.kind !== 'change') continue;
    const body = eventHookBody({ name: 'relay', types: step.types, channel: { url: wanted.url, headerName: wanted.headerName, secret: 's' } }, step.kind === 'change' ? step.hook : undefined); // prettier-ignore
    hold(typeof JSON.stringify(body) === 'string', 'what Okta is sent is JSON');
  }
}

/** The real calls against a server that answers any bytes at all in Okta's place. */
export async function oktaAnswer(): Promise<Target> {
  let answer: Uint8Array = Buffer.alloc(0);
  let requests = 0;
  const okta = await startRawSubscriber(({ socket }) => {
    requests += 1;
    socket.end(answer);
    okta.requests.length = 0;
  });
  const org = new URL(`http://127.0.0.1:${okta.port}`);
  return {
    name: 'okta-answer',
    about: "Okta's answers to the command line: status line, headers, pages, bodies",
    shape: 'text',
    seeds: seedsOf('okta-answer'),
    words: ['\r\n', '\r\n\r\n', 'HTTP/1.1 ', '200', '401', '429', '503', '302', 'link: <', '>; rel="next"', 'location: ', 'x-rate-limit-reset: ', 'content-length: ', 'transfer-encoding: chunked\r\n', '"errorSummary":', '"errorCode":', '\u001b[2J', token, '__proto__', 'null'], // prettier-ignore
    weight: 2,
    outcomes: ['hooks', 'refused', 'failed'],
    limitMs: answerLimitMs,
    async run(input) {
      answer = input;
      requests = 0;
      const lines: string[] = [];
      const sleep = (ms: number): Promise<void> => {
        hold(Number.isFinite(ms) && ms >= 0 && ms <= 90_000, 'a wait is a minute and a half at most');
        return Promise.resolve();
      };
      const surroundings = { now: () => noon.getTime(), sleep, notice: (line: string) => void lines.push(line) };
      try {
        await showHooks(new OktaApi(org, { kind: 'api-token', token }, surroundings), (line) => void lines.push(line));
        return 'hooks';
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error;
        lines.push(error.message, ...error.advice);
        return error instanceof OktaRefusal ? 'refused' : 'failed';
      } finally {
        printable(lines);
        hold(requests <= mostRequests, 'the number of calls is bounded');
      }
    },
    close: () => okta.close(),
  };
}

/** The same bodies without the wire between. */
export const oktaBody: Target = {
  name: 'okta-body',
  about: "bodies of Okta's answers to the command line: hooks, tokens, errors",
  shape: 'json',
  seeds: [...seedsOf('okta-body'), jsonSeed({ access_token: 'abc.def-ghi', token_type: 'Bearer', expires_in: 3_600 })],
  words: ['"id":', '"events":', '"items":', '"channel":', '"access_token":', '"errorCauses":', 'invalid_scope', 'dpop', '\u001b[2J', token, '../', '__proto__'], // prettier-ignore
  weight: 4,
  outcomes: ['hook', 'token', 'other'],
  limitMs: defaultLimitMs,
  run(input) {
    const text = Buffer.from(input).toString('utf8');
    const refusal = oktaRefusal('listing', { status: 400, body: text, location: null }, 'api-token');
    printable([refusal.message, ...refusal.advice]);
    const given = parseJson(text);
    const bearer = accessTokenSchema.safeParse(given);
    if (bearer.success) {
      // Throws for what cannot be a header.
      hold(new Headers({ authorization: `Bearer ${bearer.data.access_token}` }).has('authorization'), 'a token fits into a header');
      return 'token';
    }
    const hook = eventHookSchema.safeParse(given);
    if (!hook.success) return 'other';
    hold(
      new URL(`https://acme.okta.com/api/v1/eventHooks/${hook.data.id}`).pathname.split('/').length === 5,
      'an id stays within its path',
    );
    plannable([hook.data]);
    return 'hook';
  },
};
