import { readConfig } from '#lib/config/read-config.ts';
import { putAnswer } from '#lib/deployment/put-answer.ts';
import type { SettingUp } from '#lib/deployment/set-up-cluster.ts';
import { mskClusterDescription } from '#lib/msk/cluster-description.ts';

const config = readConfig(['AWS_REGION', 'LOG_LEVEL']);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const telemetry = { now: () => new Date(), level: config.LOG_LEVEL };

export const settingUp: SettingUp = {
  cluster: mskClusterDescription({ region: config.AWS_REGION }),
  send: putAnswer(wait),
  wait,
};
