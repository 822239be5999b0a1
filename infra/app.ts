/**
 * What `cdk` runs: one stack of the stage that the context names (`-c stage=prod`), in the region of the stage or of `-c region=`,
 * in the account of the stage or of `-c account=`, or else of the caller. Nothing is looked up in an account.
 */
import { App } from 'aws-cdk-lib';
import { readCdkContext } from './cdk-context.ts';
import { RelayStack } from './relay-stack.ts';
import { checkAgainstRules } from './rules.ts';
import { readStage, type Stage } from './stages.ts';

const app = new App({ context: readCdkContext() });
const { stageName, stage } = askedStage();
const { account } = stage;
checkAgainstRules(app);
new RelayStack(app, `okta-event-relay-${stageName}`, {
  stage,
  env: { region: stage.region, ...(account === undefined ? {} : { account }) },
  terminationProtection: stage.onDestroy === 'retain',
});
app.synth();

/** What is wrong with what was asked for is for whoever typed it to see: in a sentence, not in the trace of an error. */
function askedStage(): { stageName: string; stage: Stage } {
  try {
    const stageName = asked('stage') ?? 'dev';
    const askedAccount = asked('account');
    if (askedAccount !== undefined && !/^\d{12}$/.test(askedAccount))
      throw new Error(`Context "account" must be twelve digits, not "${askedAccount}"`);
    return { stageName, stage: readStage(stageName, asked('region'), askedAccount) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

function asked(name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  // A number of an account in cdk.json, say: left unread, the stack would go to whatever account calls.
  if (value !== undefined && typeof value !== 'string') throw new Error(`Context "${name}" must be a text, not ${JSON.stringify(value)}`);
  return value;
}
