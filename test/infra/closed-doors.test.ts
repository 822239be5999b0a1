import { describe, expect, it } from 'vitest';
import { variants } from '../../infra/variants.ts';
import { type Json, readable, resourcesOf, synthesiseStage } from './synthesise.ts';

const everything = synthesiseStage(variants().find(({ name }) => name === 'prod-everything')!.stage);
const sources = ['aws:SourceArn', 'aws:SourceAccount'];

/** An account, by its number or by the root or a role of it. */
const isAccount = (principal: Json): boolean => /^\d{12}$|:iam::(\d{12}|AWS::AccountId):/.test(readable(principal));

/** Why a statement lets in more than it should; undefined when it does not. A service acts for anybody, unless its source is named. */
function flawOf({ Effect, Principal, Condition = {} }: Record<string, Json>): string | undefined {
  if (Effect !== 'Allow') return undefined;
  const { Service, AWS, ...others } =
    typeof Principal === 'object' && Principal !== null ? (Principal as Record<string, Json>) : { '*': '' };
  if (Object.keys(others).length > 0) return 'is for a principal that is neither a service nor an account';
  if (AWS !== undefined && ![AWS].flat().every(isAccount)) return 'is for a principal of no account';
  const conditions = Object.values(Condition as Record<string, Record<string, Json>>).flatMap((test) => Object.entries(test));
  const named = conditions.filter(([key, value]) => sources.includes(key) && [value].flat().every((one) => !/^\W*$/.test(readable(one))));
  return Service !== undefined && named.length === 0 ? 'is for a service, whoever it acts for' : undefined;
}

const statementsOf = (type: string): Record<string, Json>[] =>
  Object.values(resourcesOf(everything, type)).flatMap(
    ({ Properties }) => Properties['PolicyDocument'].Statement as Record<string, Json>[],
  );

describe.each(['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'])('what %s allows', (type) => {
  it('is for this account, or for a service on behalf of a source that is named', () => {
    const statements = statementsOf(type);
    expect(statements.some(({ Effect }) => Effect === 'Allow')).toBe(true);
    expect(statements.filter((statement) => flawOf(statement) !== undefined)).toEqual([]);
  });
});

describe('a statement', () => {
  const source = { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:111122223333:rule/tick' } };
  it.each<[string, Record<string, Json>, boolean]>([
    ['for everybody', { Effect: 'Allow', Principal: '*' }, false],
    ['for every account', { Effect: 'Allow', Principal: { AWS: '*' } }, false],
    ['for one account and every other', { Effect: 'Allow', Principal: { AWS: ['111122223333', '*'] } }, false],
    ['for a service', { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' } }, false],
    ['for a service with any source', { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Condition: { ArnLike: { 'aws:SourceArn': '*' } } }, false], // prettier-ignore
    ['for a service over TLS', { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, false], // prettier-ignore
    ['for a service from one source', { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Condition: source }, true],
    ['for an account', { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' } }, true],
    ['that denies', { Effect: 'Deny', Principal: '*' }, true],
  ])('%s is told apart', (_, statement, closed) => {
    expect(flawOf(statement) === undefined).toBe(closed);
  });
});
