import type { Template } from 'aws-cdk-lib/assertions';
import { readable, resource } from './synthesise.ts';

/** "Effect action on resource, if condition" for everything that a function's role says. */
export function grantsOf(template: Template, functionId: string): string[] {
  const { Properties } = resource(template, 'AWS::IAM::Policy', `${functionId}RoleDefaultPolicy`);
  const statements = Properties['PolicyDocument'].Statement as {
    Effect: string;
    Action: unknown;
    Resource: unknown;
    Condition?: Record<string, Record<string, unknown>>;
  }[];
  return statements
    .flatMap(({ Effect, Action, Resource, Condition = {} }) => {
      const conditions = Object.values(Condition).flatMap((test) =>
        Object.entries(test).map(([key, value]) => `${key}=${readable(value)}`),
      );
      const given = conditions.length === 0 ? '' : ` if ${conditions.join(' and ')}`;
      return [Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().map((on) => `${Effect === 'Allow' ? '' : 'never '}${String(action)} on ${readable(on)}${given}`),
        );
    })
    .sort();
}
