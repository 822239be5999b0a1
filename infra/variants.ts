import { kafkaModes, withKafka } from './kafka-modes.ts';
import { checkStage, readStage, type Stage, stageNames } from './stages.ts';

export interface Variant {
  readonly name: string;
  readonly stage: Stage;
}

const certificateArn = 'arn:aws:acm:eu-central-1:111122223333:certificate/1a2b3c4d-0000-4000-8000-000000000000';

/** Every option that a stage may have beside Kafka, switched on, with made-up values. */
function withEverything(stage: Stage): Stage {
  return checkStage('everything', {
    ...stage,
    receiveHook: { ...stage.receiveHook, allowedRanges: ['192.0.2.0/24', '2001:db8::/32'] },
    domains: {
      hooks: { name: 'hooks.example.com', certificateArn },
      admin: {
        name: 'admin.example.com',
        certificateArn,
        clientCertificates: { bucket: 'relay-client-certificates', key: 'authorities.pem', version: 'made-up' },
      },
    },
    alarms: { email: 'operators@example.com' },
    deliver: { ...stage.deliver, staticEgress: { vpcCidr: '10.41.0.0/22', natGateways: 3 } },
  });
}

/** Every template that is tried: each stage as it is, with each way to have Kafka, and with everything switched on. */
export function variants(): Variant[] {
  return stageNames.flatMap((name) => {
    const stage = readStage(name);
    const modes = Object.keys(kafkaModes).map((mode) => ({ name: `${name}-${mode}`, stage: withKafka(stage, mode) }));
    return [{ name, stage }, ...modes, { name: `${name}-everything`, stage: withEverything(stage) }];
  });
}
