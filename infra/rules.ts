import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';

/**
 * Holds every template of an app against AWS's own schemas, which CDK brings along, and two packs of cdk-nag. An error stops the
 * synthesis. What does not apply is accepted on its own construct, with the reason (infra/accept.ts).
 */
export function checkAgainstRules(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}
