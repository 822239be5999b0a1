/** For each rule of .dependency-cruiser.mjs the smallest tree that breaks it: the file at fault, and what is needed around it. */
export interface ForbiddenImport {
  readonly rule: string;
  /** Where the rule must fire. */
  readonly at: string;
  readonly files: Readonly<Record<string, string>>;
}

const thing = 'export const thing = 1;\n';
const use = (specifier: string): string => `import * as used from '${specifier}';\nexport const it = used;\n`;
const typeUse = (specifier: string): string => `import type { Thing } from '${specifier}';\nexport type It = Thing;\n`;

const vendor = (name: string, at: string, specifier: string): ForbiddenImport => ({
  rule: `vendor-${name}`,
  at,
  files: { [at]: use(specifier) },
});

/** A room of lib/ reaching for one that is not below it, by the alias or by a type alone. */
const room = (name: string, to: string): ForbiddenImport => ({
  rule: `room-${name}`,
  at: `lib/${name}/reaching.ts`,
  files: {
    [`lib/${name}/reaching.ts`]: typeUse(`../${to}/thing.ts`),
    [`lib/${to}/thing.ts`]: `export type Thing = 1;\n`,
  },
});

export const forbiddenImports: readonly ForbiddenImport[] = [
  vendor('dynamodb', 'lib/delivery/a.ts', '@aws-sdk/client-dynamodb'),
  vendor('sqs', 'functions/deliver/wiring.ts', '@aws-sdk/client-sqs'),
  vendor('msk', 'infra/a.ts', '@aws-sdk/client-kafka'),
  vendor('kafka', 'local/a.ts', 'kafkajs'),
  vendor('kafka', 'lib/config/a.ts', 'aws-msk-iam-sasl-signer-js'),
  vendor('signing', 'lib/s3/a.ts', '@smithy/signature-v4'),
  vendor('middy', 'lib/intake/a.ts', '@middy/core'),
  vendor('cdk', 'lib/telemetry/a.ts', 'aws-cdk-lib'),
  vendor('cdk', 'functions/admin/a.ts', 'constructs'),
  vendor('emulators', 'lib/sqs/a.ts', 'fauxqs'),
  vendor('emulators', 'scripts/a.ts', 'dynalite'),
  room('sealing', 'okta'),
  room('quarantine', 'okta'),
  room('deployment', 'msk'),
  room('okta', 'identity'),
  room('identity', 'subscriptions'),
  room('intake', 'delivery'),
  room('intake', 'telemetry'),
  room('subscriptions', 'delivery'),
  room('orgs', 'intake'),
  room('delivery', 'sqs'),
  room('delivery', 'admin'),
  room('delivery', 'replay'),
  room('delivery', 'webhooks'),
  room('pacing', 'lanes'),
  room('webhooks', 'pacing'),
  room('fan-out', 'lanes'),
  room('lanes', 'sweep'),
  room('lanes', 'sqs'),
  room('sweep', 'dynamodb'),
  room('replay', 'kafka'),
  room('admin', 'dynamodb'),
  room('aws', 'config'),
  room('dynamodb', 'sqs'),
  room('sqs', 'telemetry'),
  room('s3', 'dynamodb'),
  room('kms', 'config'),
  room('msk', 'kafka'),
  room('kafka', 'http'),
  room('https', 'telemetry'),
  room('http', 'dynamodb'),
  room('config', 'kafka'),
  room('wiring', 'http'),
  room('telemetry', 'dynamodb'),
  { rule: 'errors-know-nobody', at: 'lib/errors.ts', files: { 'lib/errors.ts': use('./okta/thing.ts'), 'lib/okta/thing.ts': thing } },
  { rule: 'lib-room-is-known', at: 'lib/annex/a.ts', files: { 'lib/annex/a.ts': use('../okta/thing.ts'), 'lib/okta/thing.ts': thing } },
  {
    rule: 'lib-does-not-look-up',
    at: 'lib/okta/a.ts',
    files: { 'lib/okta/a.ts': use('../../functions/deliver/thing.ts'), 'functions/deliver/thing.ts': thing },
  },
  {
    rule: 'functions-import-lib-only',
    at: 'functions/deliver/handler.ts',
    files: { 'functions/deliver/handler.ts': use('../../local/thing.ts'), 'local/thing.ts': thing },
  },
  {
    rule: 'functions-are-strangers',
    at: 'functions/deliver/handler.ts',
    files: { 'functions/deliver/handler.ts': use('../admin/thing.ts'), 'functions/admin/thing.ts': thing },
  },
  {
    rule: 'infra-reads-leaves',
    at: 'infra/stack.ts',
    files: { 'infra/stack.ts': use('#lib/delivery/thing.ts'), 'lib/delivery/thing.ts': thing },
  },
  { rule: 'leaves-import-nothing', at: 'lib/sqs/queues.ts', files: { 'lib/sqs/queues.ts': use('node:crypto') } },
  {
    rule: 'cli-stands-alone',
    at: 'cli/a.ts',
    files: { 'cli/a.ts': use('#lib/dynamodb/thing.ts'), 'lib/dynamodb/thing.ts': thing },
  },
  {
    rule: 'local-is-not-product',
    at: 'functions/admin/wiring.ts',
    files: { 'functions/admin/wiring.ts': use('../../local/thing.ts'), 'local/thing.ts': thing },
  },
  {
    rule: 'test-is-not-imported',
    at: 'local/main.ts',
    files: { 'local/main.ts': use('../test/support/thing.ts'), 'test/support/thing.ts': thing },
  },
  { rule: 'no-dev-packages-in-product', at: 'lib/okta/a.ts', files: { 'lib/okta/a.ts': use('fast-check') } },
  { rule: 'no-undeclared-packages', at: 'scripts/a.ts', files: { 'scripts/a.ts': use('undeclared') } },
  { rule: 'no-unresolvable', at: 'lib/okta/a.ts', files: { 'lib/okta/a.ts': use('#lib/okta/nowhere.ts') } },
  { rule: 'no-circular', at: 'lib/okta/a.ts', files: { 'lib/okta/a.ts': use('./b.ts'), 'lib/okta/b.ts': use('#lib/okta/a.ts') } },
  { rule: 'no-orphans', at: 'lib/okta/alone.ts', files: { 'lib/okta/alone.ts': thing } },
  {
    rule: 'no-barrels',
    at: 'functions/admin/wiring.ts',
    files: { 'functions/admin/wiring.ts': use('#lib/okta/index.ts'), 'lib/okta/index.ts': thing },
  },
];
