/**
 * What `cdk` runs: one stack of the stage that the context names (`-c stage=prod`), in the region of the stage or of `-c region=`,
 * in the account of the caller or of `-c account=`. Nothing is looked up in an account.
 */
import { App } from 'aws-cdk-lib';
import { readCdkContext } from './cdk-context.ts';
import { RelayStack } from './relay-stack.ts';
import { checkAgainstRules } from './rules.ts';
import { readStage } from './stages.ts';

const app = new App({ context: readCdkContext() });
const asked = (name: string): string | undefined => {
  const value: unknown = app.node.tryGetContext(name);
  // A number of an account in cdk.json, say: left unread, the stack would go to whatever account calls.
  if (value !== undefined && typeof value !== 'string') throw new Error(`Context "${name}" must be a text, not ${JSON.stringify(value)}`);
  return value;
};

const stageName = asked('stage') ?? 'dev';
const stage = readStage(stageName, asked('region'));
const account = asked('account');
if (account !== undefined && !/^\d{12}$/.test(account)) throw new Error(`Context "account" must be twelve digits, not "${account}"`);
checkAgainstRules(app);
new RelayStack(app, `okta-event-relay-${stageName}`, {
  stage,
  env: { region: stage.region, ...(account === undefined ? {} : { account }) },
  terminationProtection: stage.onDestroy === 'retain',
});
app.synth();
