import { randomUUID } from 'node:crypto';
import type { DemoSubscriber, ReceivedWebhook } from './demo-subscriber.ts';
import { demoOrg } from './options.ts';

/** How long the whole way from hook to webhook may take before the demonstration says that it failed. */
const deliveryDeadlineMs = 15_000;
/** How long after its webhook a delivery may take to be in the log as delivered. */
const recordDeadlineMs = 10_000;

export interface Demonstration {
  readonly relayUrl: string;
  readonly adminToken: string;
  readonly hookSecret: string;
  readonly subscriber: DemoSubscriber;
  /** Resolves with the webhook of this change once the demo subscriber got it. */
  received(changeId: string): Promise<ReceivedWebhook>;
  print(line: string): void;
}

class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/**
 * Sends one sample hook request of the org `demo` through the real pipeline and prints what happened, step by step.
 * Answers false as soon as a step did not do what it should.
 */
export async function demonstrate(demo: Demonstration): Promise<boolean> {
  const hookUrl = `${demo.relayUrl}/okta/${demoOrg}/events`;
  const uuid = randomUUID();
  try {
    await challenge(hookUrl, demo);
    const sentAtMs = Date.now();
    await sendEvent(hookUrl, uuid, demo);
    const webhook = await deadline(demo.received(uuid), `no webhook for ${uuid} arrived within ${deliveryDeadlineMs / 1000} s`);
    step(demo, 'change', `${webhook.change.type}  id ${webhook.change.id}  ${webhook.change.subject ?? ''}`);
    step(demo, 'webhook delivered', `in ${webhook.receivedAtMs - sentAtMs} ms, ${webhook.body.length} bytes, webhook-id ${webhook.id}`);
    checkSignature(webhook, demo);
    await checkRecord(uuid, demo);
    return true;
  } catch (error) {
    demo.print(`  ✗ ${error instanceof StepFailed ? error.message : `the demonstration broke off: ${String(error)}`}`);
    return false;
  }
}

async function challenge(hookUrl: string, demo: Demonstration): Promise<void> {
  const word = randomUUID();
  const response = await askAsOkta(hookUrl, { headers: { authorization: demo.hookSecret, 'x-okta-verification-challenge': word } });
  const answer = response.ok ? ((await response.json()) as { verification?: string }) : {};
  if (answer.verification !== word) throw new StepFailed(`the one-time challenge was answered ${response.status}, not with the challenge`);
  step(demo, 'challenge answered', "as Okta's one-time verification asks");
}

async function sendEvent(hookUrl: string, uuid: string, demo: Demonstration): Promise<void> {
  const startedAtMs = Date.now();
  const response = await askAsOkta(hookUrl, {
    method: 'POST',
    headers: { authorization: demo.hookSecret, 'content-type': 'application/json' },
    body: JSON.stringify(sampleHookBody({ org: demoOrg, uuid, published: new Date().toISOString(), hookRequestId: randomUUID() })),
  });
  if (response.status !== 200) throw new StepFailed(`the event was answered ${response.status}, not 200`);
  step(demo, 'event accepted', `200 in ${Date.now() - startedAtMs} ms, after the change log had it`);
}

/** A door that has no time for its stores says 503, and Okta tries once more: https://developer.okta.com/docs/concepts/event-hooks/#timeout-and-retry */
async function askAsOkta(hookUrl: string, init: RequestInit): Promise<Response> {
  const first = await fetch(hookUrl, init);
  return first.status === 503 ? fetch(hookUrl, init) : first;
}

/** A check that cannot fail proves nothing: the same bytes with one bit turned must not verify. */
function checkSignature(webhook: ReceivedWebhook, demo: Demonstration): void {
  if (webhook.signature !== 'verified') throw new StepFailed('the webhook arrived, but its signature does not fit the bytes received');
  const altered = Buffer.from(webhook.body);
  altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
  if (demo.subscriber.verify(altered, webhook.headers)) throw new StepFailed('an altered webhook was verified too');
  step(demo, 'signature verified', 'by the standardwebhooks package over the bytes received; with one bit turned it is refused');
}

async function checkRecord(uuid: string, demo: Demonstration): Promise<void> {
  const url = `${demo.relayUrl}/v1/deliveries?change=${uuid}`;
  const recorded = async (): Promise<string> => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${demo.adminToken}` } });
    const { data } = (await response.json()) as { data?: { status: string; attempts: unknown[] }[] };
    const [delivery] = data ?? [];
    return delivery === undefined ? `${response.status}, no delivery` : `${delivery.status} after ${delivery.attempts.length} attempt`;
  };
  // The webhook arrives a moment before its record is written.
  const expected = 'delivered after 1 attempt';
  let found = await recorded();
  for (const endMs = Date.now() + recordDeadlineMs; found !== expected && Date.now() < endMs; found = await recorded())
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (found !== expected) throw new StepFailed(`the delivery log says: ${found}`);
  step(demo, 'recorded', `in the delivery log: ${found}`);
}

function step(demo: Demonstration, what: string, how: string): void {
  demo.print(`  ✓ ${what.padEnd(20)} ${how}`);
}

function deadline<T>(promise: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StepFailed(message)), deliveryDeadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A hook body in the shape Okta sends: one user was activated. Invented person, invented ids. */
export function sampleHookBody(values: { org: string; uuid: string; published: string; hookRequestId: string; host?: string }): object {
  return {
    eventType: 'com.okta.event_hook',
    eventTypeVersion: '1.0',
    cloudEventsVersion: '0.1',
    source: `https://${values.host ?? `${values.org}.okta.com`}/api/v1/eventHooks/who1demo00000000000`,
    eventId: values.hookRequestId,
    eventTime: values.published,
    contentType: 'application/json',
    data: {
      events: [
        {
          uuid: values.uuid,
          published: values.published,
          eventType: 'user.lifecycle.activate',
          version: '0',
          displayMessage: 'Activate Okta user',
          severity: 'INFO',
          actor: { id: '00u1adm0000000000000', type: 'User', alternateId: 'sam.ode@example.com', displayName: 'Sam Ode' },
          outcome: { result: 'SUCCESS' },
          target: [{ id: '00u1ana0000000000000', type: 'User', alternateId: 'ana.ito@example.com', displayName: 'Ana Ito' }],
          transaction: { type: 'WEB', id: 'demo-transaction', detail: {} },
        },
      ],
    },
  };
}
