import type { Target } from './target.ts';
import { adminBodies, adminRequest } from './targets/admin-targets.ts';
import { hookBody, hookRepeat, hookRequests } from './targets/hook-targets.ts';
import { deliveryMessages, kafkaRecord, mskEvent, replayMessage, spoolMessage } from './targets/message-targets.ts';
import { oktaAnswer, oktaBody } from './targets/okta-targets.ts';
import { sealedSecret } from './targets/secret-targets.ts';
import { queriedTargets } from './targets/queried-targets.ts';
import { storedMessage, storedTargets } from './targets/stored-targets.ts';
import { retryAfter, subscriberAnswer } from './targets/subscriber-targets.ts';
import { endpointUrl, scimFilter, typePattern } from './targets/subscription-targets.ts';

/** Every parser that meets bytes of others. */
export async function startTargets(): Promise<Target[]> {
  return [
    hookBody,
    hookRequests,
    hookRepeat,
    scimFilter,
    typePattern,
    endpointUrl,
    ...adminBodies,
    adminRequest,
    kafkaRecord,
    mskEvent,
    deliveryMessages,
    spoolMessage,
    replayMessage,
    ...storedTargets,
    ...queriedTargets,
    storedMessage,
    sealedSecret,
    oktaBody,
    retryAfter,
    await subscriberAnswer(),
    await oktaAnswer(),
  ];
}
