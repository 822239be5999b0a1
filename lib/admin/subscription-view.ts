import { keyIdOf, publicKeyText } from '../subscriptions/ed25519-keys.ts';
import { signatureKindOf, type SigningSecret } from '../subscriptions/signing-secret.ts';
import type { Circuit, Recovery, Subscription } from '../subscriptions/subscription.ts';

/** A subscription as callers see it: field by field, so that nothing sealed can come along. */
export function subscriptionView(subscription: Subscription): object {
  const { id, name, url, types, orgs, filter, attributes, ordering, format, limits, retrySeconds, stale = 'skip' } = subscription;
  const { status, pausedUntil, pausedSince, disabledReason, circuit, recovery, signingSecrets, createdAt, updatedAt } = subscription;
  return {
    ...{ id, name, url, types, orgs, filter, attributes, ordering, format, limits },
    ...(retrySeconds === undefined ? {} : { retry: { schedule: retrySeconds } }),
    ...{ stale, status, pausedUntil, pausedSince, disabledReason },
    circuit: circuitView(circuit),
    ...(recovery === undefined ? {} : { recovery: recoveryView(recovery) }),
    signing: signingSecrets.map(signingView),
    ...{ createdAt, updatedAt },
  };
}

/** `expiresAt` null: until it is rotated. One that has passed does not sign any more, and is shown until the subscription is written next. */
function signingView({ publicKey, createdAt, expiresAt }: SigningSecret): object {
  const key = publicKey === undefined ? {} : { publicKey: publicKeyText(publicKey), keyId: keyIdOf(publicKey) };
  return { signature: signatureKindOf({ publicKey }), ...key, createdAt, expiresAt: expiresAt ?? null };
}

function circuitView(circuit: Circuit | undefined): object {
  return circuit === undefined ? { state: 'closed' } : { state: 'open', since: circuit.since, nextProbeAt: circuit.probeAt };
}

/** `doneUntil`: dead letters of deliveries that were created before it have been sent again. */
export function recoveryView({ id, status, since, until, redelivered, unreadable = 0, cursor = since }: Recovery): object {
  return { id, status, since, until, doneUntil: cursor, redelivered, unreadable };
}
