import { App, type AppProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCdkContext } from '../../infra/cdk-context.ts';
import { withKafka } from '../../infra/kafka-modes.ts';
import { RelayStack } from '../../infra/relay-stack.ts';
import { readStage, type Stage } from '../../infra/stages.ts';

// `npm run synth` validates; here it would cost seconds a template.
process.env['CDK_VALIDATION'] = 'false';

/** The template of a stage, without bundles. `mode` is one of infra/kafka-modes.ts; without it Kafka is as the stage says. */
export function synthesise(stageName: string, mode?: string): Template {
  const stage = readStage(stageName);
  return synthesiseStage(mode === undefined ? stage : withKafka(stage, mode));
}

const made = new Map<string, Template>();

/** Made once for each stage: tests read a template and never change it. */
export function synthesiseStage(stage: Stage): Template {
  const known = made.get(JSON.stringify(stage));
  if (known !== undefined) return known;
  const template = madeOf(stage);
  made.set(JSON.stringify(stage), template);
  return template;
}

function madeOf(stage: Stage): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    return Template.fromStack(relayStack(new App(appSettings(outdir)), stage));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Without bundles, which would cost most of the time. */
export function appSettings(outdir: string): AppProps {
  return { outdir, context: { ...readCdkContext(), 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false };
}

export function relayStack(app: App, stage: Stage): RelayStack {
  return new RelayStack(app, 'relay', { stage, env: { region: stage.region, account: '111122223333' } });
}

// A template is JSON of any shape; what a test expects of it is what it checks.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, Json>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export function resourcesOf(template: Template, type: string): Readonly<Record<string, Resource>> {
  return template.findResources(type) as Record<string, Resource>;
}

/** The one resource of a type whose logical id begins like this. */
export function resource(template: Template, type: string, prefix = ''): Resource {
  const found = Object.entries(resourcesOf(template, type)).filter(([id]) => id.startsWith(prefix));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} begin with "${prefix}"`);
  return found[0]![1];
}

/** A value of a template as one would say it: references by logical id without its hash, joins joined. */
export function readable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[kind, argument]] = Object.entries(value) as [[string, Json]];
  if (kind === 'Ref') return withoutHash(argument);
  if (kind === 'Fn::GetAtt') return withoutHash(argument[0]);
  if (kind === 'Fn::Join') return argument[1].map(readable).join(argument[0]);
  if (kind === 'Fn::Select') return `part${argument[0]}(${readable(argument[1])})`;
  if (kind === 'Fn::Split') return readable(argument[1]);
  return JSON.stringify(value);
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
