/**
 * What the relay promises, as the alarms that say when it does not hold: a name and what has happened. Each has its entry in
 * docs/runbook.md, under its name; a test holds the two together, both ways.
 */
export const promises = {
  HookRefused: 'A hook request was answered with a 4xx. Okta never sends those again: events may be lost',
  HookFailing: 'Hook requests were answered with a 5xx. Okta sends each of them once more, and then never again',
  HookSlow: 'Hook requests are answered late: Okta hangs up after three seconds',
  Quarantined: 'Something authentic could not be read or carried and is in quarantine',
  HookRepeated: 'Signed hook requests that were accepted before come again and again: somebody has copies of them',
  HookUnconfirmed: "Events are taken from an event hook that nobody has confirmed to be the org's",
  OrgSilent: 'An org that used to speak has sent nothing for longer than it should',
  ChangesSpooled: 'Kafka is away: changes wait in the spool',
  FanOutLag: 'Changes wait in Kafka for fan-out',
  FanOutSilent: 'Changes go into Kafka and fan-out is not asked to take them out',
  FanOutStuck: 'A partition comes again and again: its changes wait',
  DeliveriesWaiting: 'Deliveries wait in the queue for longer than they should',
  QueueNearLimit: 'So many deliveries are in a queue that SQS will soon not find the free lanes among them',
  DeliveriesDead: 'A delivery was given up: a subscriber has not got a change',
  DeadLetters: 'A message of a queue of deliveries was received a thousand times, and waits where nobody works it',
  ParkedTooLong: 'A delivery has been waiting outside the queue for more than a day',
  CircuitOpen: 'A subscriber fails so often that it is only probed',
  SubscriptionDisabled: 'A subscription was disabled: nothing is sent to it any more',
  RemovalsSlow: 'Removals reach subscribers late',
  RemovalsWaiting: 'A removal has not reached an active subscriber for a quarter of an hour',
  SweepSilent: 'Nobody wakes parked deliveries',
  FunctionErrors: 'A function ends in errors',
  FunctionThrottles: 'Lambda has no room for a function',
  InvocationsLost: 'An asynchronous invocation failed for good',
  TableThrottles: 'DynamoDB throttles a table',
  DependenciesFailing: 'Something that the functions need has been failing for a quarter of an hour',
  KeyUnavailable: 'KMS does not seal or open secrets',
} as const satisfies Record<string, string>;
export type PromiseName = keyof typeof promises;
