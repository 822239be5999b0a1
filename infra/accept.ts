import { Stack, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/**
 * Accepts a finding of a rule on one construct, with the reason why it does not apply there. Never on a stack or an app, which would
 * accept what comes later too; a test counts them all. `rule`: as infra/rules.ts reports it.
 */
export function accept(on: IConstruct, rule: string, reason: string): void {
  if (Stack.isStack(on)) throw new Error(`${rule} is to be accepted on the construct it is about, not on a stack`);
  Validations.of(on).acknowledge({ id: rule, reason });
}

/** Accepts that a role's policy names a resource with a wildcard in it. */
export function acceptWildcard(role: IRole, resource: string, reason: string): void {
  accept(role, `AwsSolutions-IAM5[Resource::${flattened(Stack.of(role).resolve(resource))}]`, reason);
}

/** A resolved value in the words of cdk-nag's findings: references in angle brackets, joins joined, all else as JSON. */
function flattened(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) {
    const [[kind, argument] = []] = Object.entries(value) as [string, unknown][];
    if (kind === 'Ref') return `<${String(argument)}>`;
    if (kind === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.map(flattened).join('.')}>`;
    if (kind === 'Fn::Join' && Array.isArray(argument)) {
      const [delimiter, parts] = argument as [string, unknown[]];
      return parts.map(flattened).join(delimiter);
    }
  }
  return JSON.stringify(value);
}
