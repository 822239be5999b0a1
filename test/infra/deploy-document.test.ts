import { describe, expect, it } from 'vitest';
import { topics } from '#lib/kafka/topics.ts';
import { tableWith } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';
import { resource, resourcesOf, synthesise } from './synthesise.ts';

const page = readText('docs/deploy.md');
const [dev, prod] = [synthesise('dev'), synthesise('prod')];
const all = (template: typeof dev, type: string) => Object.values(resourcesOf(template, type));

describe('docs/deploy.md', () => {
  it('names resources by ids that they have in every stage', () => {
    const pages = `${page}${readText('docs/runbook.md')}`;
    const named = [...pages.matchAll(/\$\(resource (\w+)\)|\b(\w+[0-9A-F]{8})\b/g)].map(([, id = '', bare = id]) => bare);
    expect(new Set(named).size).toBeGreaterThan(4);
    for (const template of [dev, prod]) {
      const ids = Object.keys((template.toJSON() as { Resources: object }).Resources);
      expect(named.filter((id) => !ids.includes(id))).toEqual([]);
    }
  });

  it('gives stacks the name that they get', () => {
    expect(page).toContain('STACK=okta-event-relay-$STAGE');
    expect(readText('infra/app.ts')).toContain('`okta-event-relay-${stageName}`');
  });

  it('asks for as many concurrent executions as a stage may take behind the log, and for as many again, or those it reserves, for hooks', () => {
    const [, inProd = '', inDev = '', said] = /([\d,]+) concurrent Lambda executions for `prod`, (\d+) for `dev`.*in `dev` up to (\d+) are/.exec(page) ?? []; // prettier-ignore
    const behindTheLog = (template: typeof dev): number => {
      const queues = all(template, 'AWS::Lambda::EventSourceMapping').map(({ Properties }) => (Properties['ScalingConfig']?.MaximumConcurrency ?? 0) as number); // prettier-ignore
      const sweep = 1;
      // Pollers call fan-out once at a time for each partition.
      return queues.reduce((sum, most) => sum + most, topics['identity.changes.v1'].partitions + sweep);
    };
    expect(Number(said)).toBe(behindTheLog(dev));
    expect(Number(inDev)).toBeGreaterThanOrEqual(2 * behindTheLog(dev));
    const reserved = resource(prod, 'AWS::Lambda::Function', 'ReceiveHookFunction').Properties['ReservedConcurrentExecutions'] as number;
    // Lambda lets nobody reserve the last hundred. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    expect(Number(inProd.replace(',', ''))).toBeGreaterThanOrEqual(reserved + 100 + behindTheLog(prod));
  });

  it('has the id of the stack noted, in every stage, before the stack is destroyed and the id is needed', () => {
    const teardown = page.slice(page.indexOf('### Teardown'));
    const noted = teardown.indexOf('STACK_ID=$(');
    expect(noted).toBeGreaterThan(0);
    expect(noted).toBeLessThan(teardown.indexOf('A stage that retains'));
    expect(noted).toBeLessThan(teardown.indexOf('npx cdk destroy'));
    expect(teardown.indexOf('npx cdk destroy')).toBeLessThan(teardown.indexOf('"$STACK_ID"'));
  });

  it('tells the two rules that let functions to the brokers from those of the poller', () => {
    expect(page).toContain("Description=='functions write changes'");
    for (const template of [dev, prod])
      for (const type of ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']) {
        const described = all(template, type).filter(({ Properties }) => Properties['Description'] === 'functions write changes');
        expect(described.map(({ Properties }) => [Properties['FromPort'], Properties['ToPort']])).toEqual([[9098, 9098]]);
      }
  });

  it('says what is invoked by an alias: receive-hook where environments are kept warm, and nothing else', () => {
    expect(all(dev, 'AWS::Lambda::Alias')).toEqual([]);
    const [alias, ...others] = all(prod, 'AWS::Lambda::Alias');
    expect(others).toEqual([]);
    expect(alias?.Properties).toMatchObject({ Name: 'live', FunctionName: { Ref: 'ReceiveHookFunctionB9489674' } });
    // Old versions go: there is none for the alias to go back to.
    expect(all(prod, 'AWS::Lambda::Version').map(({ DeletionPolicy }) => DeletionPolicy)).toEqual([undefined]);
    const fed = all(prod, 'AWS::Lambda::EventSourceMapping').map(({ Properties }) => JSON.stringify(Properties['FunctionName']));
    expect(fed.filter((name) => !/^\{"Fn::GetAtt":\["\w+Function\w+","Arn"\]\}$/.test(name))).toEqual([]);
  });

  it('says what cdk destroy keeps', () => {
    const { header, rows } = tableWith(page, 'destroyed');
    expect(header).toEqual(['destroyed', '`dev` (delete)', '`prod` (retain)']);
    const types: Readonly<Record<string, string>> = {
      'the cluster': 'AWS::MSK::Cluster',
      topics: 'AWS::MSK::Topic',
      tables: 'AWS::DynamoDB::Table',
      queues: 'AWS::SQS::Queue',
      quarantine: 'AWS::S3::Bucket',
      keys: 'AWS::KMS::Key',
      'log groups': 'AWS::Logs::LogGroup',
    };
    expect(rows.map(([what = '']) => what).filter((what) => !what.startsWith('functions'))).toEqual(Object.keys(types));
    for (const [what = '', inDev = '', inProd = ''] of rows) {
      const type = types[what];
      if (type === undefined) continue;
      // A topic goes with the deployment that makes it, when that is rolled back, and with nothing else.
      const policiesOf = (template: typeof dev) => new Set(all(template, type).map(({ DeletionPolicy }) => DeletionPolicy?.replace('ExceptOnCreate', ''))); // prettier-ignore
      expect(policiesOf(dev), what).toEqual(new Set([inDev.startsWith('retained') ? 'Retain' : 'Delete']));
      expect(policiesOf(prod), what).toEqual(new Set([/^stays?/.test(inProd) ? 'Retain' : 'Delete']));
    }
    const kept = new Set(Object.values((prod.toJSON() as { Resources: Record<string, { Type: string; DeletionPolicy?: string }> }).Resources).flatMap(({ Type, DeletionPolicy }) => (DeletionPolicy === 'Retain' ? Type : []))); // prettier-ignore
    expect([...kept].filter((type) => !Object.values(types).includes(type))).toEqual([]);
  });
});
