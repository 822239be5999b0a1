import * as z from 'zod';
import { orgIdSchema } from '../okta/org.ts';

const oktaId = z.string().min(1).describe('An Okta id: opaque, any characters, any length.');
const displayName = z.string().optional();

const userRef = z
  .looseObject({ id: oktaId, userName: z.string().optional().describe("The user's login, where Okta gave one."), displayName })
  .describe('The user the change is about. Absent when the event names none, or two different ones.');
const groupRef = z.looseObject({ id: oktaId, displayName }).describe('The group the change is about.');
const appRef = z
  .looseObject({
    id: oktaId,
    displayName,
    userId: z.string().optional().describe("Id of the user's assignment to the app (Okta: AppUser)."),
    attributes: z.array(z.string()).optional().describe("Names of changed attributes of the user's app profile, in the app's own words."),
  })
  .describe('The application the change is about.');
const actorRef = z.looseObject({ id: oktaId, type: z.string().optional(), displayName }).describe('Who or what made the change at Okta.');

export const scimOperations = ['create', 'activate', 'deactivate', 'delete', 'patch', 'feed.add', 'feed.remove'] as const;

const patchSchema = z.looseObject({
  schemas: z.array(z.string()),
  Operations: z.array(z.looseObject({ op: z.string(), path: z.string().optional(), value: z.unknown().optional() })),
});

const scimSchema = z
  .looseObject({
    resourceType: z.enum(['User', 'Group']),
    id: oktaId,
    operation: z.enum(scimOperations),
    attributes: z
      .array(z.string())
      .optional()
      .describe('SCIM paths of what changed (names, never values); `okta:<name>` where SCIM has no word for it.'),
    patch: patchSchema.optional().describe('A PatchOp body (RFC 7644 section 3.5.2), where the event alone tells the whole change.'),
    resource: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The resource after the change; present only when the change was enriched from the Okta API.'),
  })
  .describe('What happened in SCIM 2.0 words (RFC 7643, RFC 7644; `feed.*` from RFC 9967).');

const oktaSchema = z
  .looseObject({
    eventType: z.string().min(1),
    hookRequestId: z.string().optional().describe("The envelope's `eventId`: one per hook request."),
    transactionId: z.string().optional(),
    outcome: z
      .looseObject({ result: z.string().optional(), reason: z.string().optional() })
      .optional()
      .describe('What Okta said about success. Absent from an `identity.*` change that Okta called a success.'),
    outcomeAssumed: z.literal(true).optional().describe('Okta sent no outcome, and the type was counted as a success.'),
    event: z.unknown().optional().describe('The whole LogEvent as it came; present in every `okta.*` change.'),
  })
  .describe('What Okta sent, in its words.');

const subscriptionRef = z
  .looseObject({ id: z.string().min(1), name: z.string().optional() })
  .describe('The subscription that an event of the relay is about.');

export const changeDataSchema = z.looseObject({
  org: orgIdSchema.describe("The relay's short name of the Okta org; `relay` in an event of the relay itself."),
  user: userRef.optional(),
  group: groupRef.optional(),
  app: appRef.optional(),
  actor: actorRef.optional(),
  roles: z.array(z.string()).optional().describe('Names of administrator roles granted or revoked.'),
  scim: scimSchema.optional(),
  okta: oktaSchema
    .optional()
    .describe('What Okta sent, in its words. In every change that came from Okta; absent from events of the relay itself.'),
  subscription: subscriptionRef.optional(),
  reason: z.string().optional().describe('Why, in an event of the relay: `gone`, `failing`, or what an attempt failed of.'),
});

/**
 * The longest CloudEvents attribute that is text, in UTF-16 units. Ids become 256 at most on their way in (attribute-text.ts), and the longest
 * attribute is made of two; whoever else writes to the topic must not make a record that no store takes.
 */
export const maxAttributeLength = 1_024;

const attribute = z.string().min(1).max(maxAttributeLength);

/** RFC 3339 in UTC with milliseconds, as Okta writes it. */
const utcTime = z.iso.datetime({ precision: 3 });
const sequencePattern = /^[0-9]{13}-[0-9]{19}$/;

/**
 * One identity change: a CloudEvents 1.0 event with SCIM vocabulary. It is the Kafka value and the webhook body.
 * Contract: docs/schemas/identity-change.v1.json is generated from this schema, descriptions included. Unknown members
 * are allowed, so that new ones can be added without a new version. Ids in attributes are encoded by `attributeText`.
 */
export const changeSchema = z.looseObject({
  specversion: z.literal('1.0'),
  id: attribute.describe("The Okta event's uuid: stable over hooks, retries and the System Log. Dedupe by it; it is the `webhook-id`."),
  source: attribute
    .regex(/^(https:\/\/[^/]+|urn:okta-event-relay:subscriptions)$/)
    .describe('`https://<canonical host of the org>`; `urn:okta-event-relay:subscriptions` for events of the relay itself.'),
  type: attribute.describe(
    '`identity.<kind>.<what happened>`, or `okta.<eventType>` for everything else from Okta; `relay.subscription.<what happened>` from the relay itself.',
  ),
  subject: attribute
    .optional()
    .describe('`users/{id}`, `groups/{id}` or `targets/{id}`, from the relay `subscriptions/{id}`; absent when the event has no target.'),
  time: utcTime.describe("Okta's `published`, in UTC."),
  datacontenttype: z.literal('application/json'),
  partitionkey: attribute.describe('`<org>:<ordering key>`; changes with the same one are kept in order.'),
  recordedtime: utcTime.describe('When the relay accepted it.'),
  statekey: attribute.optional().describe('Which piece of state this change sets; absent for facts, which always count.'),
  sequence: z
    .string()
    .regex(sequencePattern)
    .optional()
    .describe(
      '`<13-digit epoch ms of the earlier of time and recordedtime>-<19-digit tie-break>`, compared as text. For each source and statekey keep the highest applied and ignore anything lower.',
    ),
  origin: z.enum(['hook', 'system-log', 'scim', 'relay']).describe('The way it came; `relay`: it is about the relay itself.'),
  data: changeDataSchema,
});
export type Change = z.infer<typeof changeSchema>;
/** A change on its way to subscribers: its place in its state key's history is known. */
export type SequencedChange = Change & { sequence: string };

/** Largest change the relay carries, in bytes of serialised UTF-8 (leaves room for its wrapping in SQS and Lambda payloads). */
export const maxChangeBytes = 256 * 1024;
