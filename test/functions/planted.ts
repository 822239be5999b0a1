import { randomUUID } from 'node:crypto';

/** What is somebody's, in a form that a careless reader of error texts could take for something else. */
export const planted = 'Planted\n    at Planted Person (file:///planted.ts:1:1) "planted"';
/** Found in a log line, it has told of somebody. */
export const telltale = /planted/i;
export const plantedPerson = { id: '00uperson0000000001', userName: 'planted.person@example.com', displayName: planted } as const;

/** A change with something planted wherever there is room; another one each time. */
export function plantedChange(members: object = {}) {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: 'https://acme.okta.com',
    type: 'identity.user.deactivated',
    time: '2026-11-21T12:58:42.340Z',
    datacontenttype: 'application/json',
    partitionkey: `acme:${plantedPerson.id}`,
    recordedtime: '2026-11-21T12:58:52.611Z',
    sequence: '1795265922340-0000000000000000042',
    origin: 'hook',
    data: {
      org: 'acme',
      user: { ...plantedPerson, [planted]: planted },
      okta: { eventType: 'user.lifecycle.deactivate', event: { [planted]: planted } },
    },
    ...members,
  };
}

/** An event of SQS with these bodies, each message in a group of its own. */
export function batchOf(queue: string, ...bodies: string[]) {
  return {
    Records: bodies.map((body) => ({
      messageId: randomUUID(),
      receiptHandle: randomUUID(),
      body,
      attributes: { ApproximateReceiveCount: '1', MessageGroupId: randomUUID() },
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
    })),
  };
}
