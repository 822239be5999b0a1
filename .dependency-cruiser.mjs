/**
 * Who may import whom (docs/architecture.md, "The house"). Each rule says why it is there; test/architecture/boundaries.test.ts
 * sees each of them fire. Type-only imports count: a type is knowledge too.
 */

/** Each vendor's package, the one folder that knows it, and what that buys. */
const vendors = [
  { name: 'dynamodb', packages: '@aws-sdk/(client|lib|util)-dynamodb', rooms: 'lib/dynamodb' },
  { name: 'sqs', packages: '@aws-sdk/client-sqs', rooms: 'lib/sqs' },
  { name: 'msk', packages: '@aws-sdk/client-kafka', rooms: 'lib/msk' },
  { name: 'kafka', packages: '(kafkajs|aws-msk-iam-sasl-signer-js)', rooms: 'lib/kafka' },
  { name: 'signing', packages: '(@smithy/signature-v4|@aws-sdk/credential-provider-node)', rooms: 'lib/aws' },
  { name: 'middy', packages: '@middy/[^/]+', rooms: '(functions|lib/telemetry|lib/http)' },
  { name: 'cdk', packages: '(aws-cdk-lib|cdk-nag|constructs)', rooms: 'infra' },
  { name: 'emulators', packages: '(dynalite|fauxqs)', rooms: 'local/emulators' },
];

/** The rooms that a change goes through, from the topmost down. */
const working = ['lanes', 'fan-out', 'webhooks', 'pacing', 'delivery', 'subscriptions', 'intake', 'identity', 'okta', 'quarantine'];

/** Each room of lib/ and the rooms below it that it may know. A room that is not named here may import nothing. */
const rooms = {
  sealing: { below: [], why: 'Sealing a secret is the same act whoever owns the secret.' },
  deployment: { below: [], why: 'What a deployment asks of the cluster is asked before anything of the relay runs.' },
  quarantine: { below: [], why: 'The quarantine keeps bytes and a reason; it must be able to keep what nobody could read.' },
  okta: { below: ['sealing', 'quarantine'], why: "Okta's dialect is the lowest language: whoever translates it comes above." },
  identity: { below: ['okta'], why: 'A change is the same for every subscriber, however it is stored, sent or filtered.' },
  intake: { below: ['identity', 'okta', 'quarantine', 'sealing'], why: 'Taking an event in must not depend on who will receive it.' },
  subscriptions: { below: ['identity', 'okta', 'sealing'], why: 'What someone subscribes to does not depend on how it is delivered.' },
  orgs: { below: ['subscriptions', 'okta', 'sealing'], why: 'Managing an org needs no hook request, and taking one in needs no manager.' },
  delivery: {
    below: ['subscriptions', 'identity', 'okta', 'quarantine', 'sealing', 'intake'],
    why: 'What a delivery is, where it is kept and how it is sent again does not depend on who works it.',
  },
  pacing: {
    below: ['delivery', 'subscriptions', 'identity', 'okta', 'sealing'],
    why: 'How much a subscriber is asked at a time, and whether at all, is decided from what it answered, not from what it is sent.',
  },
  webhooks: {
    below: ['delivery', 'subscriptions', 'identity', 'okta', 'sealing'],
    why: 'A request and its answer are the same whenever it is made; order, tries and limits are above.',
  },
  'fan-out': {
    below: ['delivery', 'subscriptions', 'intake', 'identity', 'okta', 'quarantine', 'sealing'],
    why: 'Fan-out owes deliveries and puts them on the queue; it does not know how one is made.',
  },
  lanes: {
    below: ['webhooks', 'pacing', 'delivery', 'subscriptions', 'intake', 'identity', 'okta', 'quarantine', 'sealing'],
    why: 'Working a lane knows the subscription and the change, never the table, queue or socket behind its ports.',
  },
  sweep: {
    below: ['lanes', 'webhooks', 'pacing', 'delivery', 'subscriptions', 'intake', 'identity', 'okta', 'quarantine', 'sealing'],
    why: 'The sweep looks after parked lanes; a lane that is worked does not know that it is looked after.',
  },
  replay: {
    below: ['fan-out', 'delivery', 'subscriptions', 'intake', 'identity', 'okta', 'quarantine', 'sealing'],
    why: 'A replay reads the log again and owes deliveries; who delivers them does not know that there are replays.',
  },
  admin: {
    below: [
      'replay',
      'orgs',
      'webhooks',
      'pacing',
      'delivery',
      'subscriptions',
      'intake',
      'identity',
      'okta',
      'quarantine',
      'sealing',
      'http',
    ],
    why: 'The admin API asks the same ports as the functions do.',
  },
  ...Object.fromEntries(
    ['aws', 'dynamodb', 'sqs', 's3', 'kms', 'msk', 'kafka', 'https'].map((vendor) => [
      vendor,
      {
        below: [...(vendor === 'aws' ? [] : ['aws']), 'replay', 'orgs', ...working, 'sealing', 'deployment'],
        why: "A vendor's folder implements our ports. It does not know another vendor, HTTP, the settings or the log line, so that it can be swapped.",
      },
    ]),
  ),
  http: {
    below: ['delivery', 'subscriptions', 'intake', 'identity', 'okta', 'quarantine'],
    why: 'Status codes are made here from outcomes; how an outcome came about is not looked at.',
  },
  config: { below: ['intake'], why: 'Settings are read before anything works, so nothing that works may be needed to read them.' },
  wiring: {
    below: ['config', 'kms', 'kafka', 'intake', 'sealing', 'pacing', 'delivery', 'dynamodb', 'sqs', 'telemetry'],
    why: 'What several functions put together in the same way is put together here, for the wirings of functions/ and nobody else.',
  },
  telemetry: {
    below: ['config', 'sweep', ...working],
    why: 'The log line may look down at outcomes; what works does not look up at who is told about it.',
  },
};

/** Read by infra/, which runs where the relay does not: a leaf drags nothing into the stack. */
const leaves = '^lib/(dynamodb/tables|sqs/queues|kafka/topics|telemetry/metric-names|config/function-settings)\\.ts$';

const product = '^(functions|lib|infra|local|cli|scripts|bench|examples)/';
const roomNames = Object.keys(rooms).join('|');
const npm = (packages) => `(^|/)node_modules/${packages}(/|$)|^${packages}(/|$)`;

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  ...vendors.map(({ name, packages, rooms: home }) => ({
    name: `vendor-${name}`,
    comment: `Only ${home} imports this package: its errors, its types and its replacement stay in one place.`,
    severity: 'error',
    from: { path: product, pathNot: `^${home}/` },
    to: { path: npm(packages) },
  })),
  ...Object.entries(rooms).map(([room, { below, why }]) => ({
    name: `room-${room}`,
    comment: why,
    severity: 'error',
    from: { path: `^lib/${room}/` },
    to: { path: '^lib/', pathNot: `^lib/(errors\\.ts$|(${[room, ...below].join('|')})/)` },
  })),
  {
    name: 'errors-know-nobody',
    comment: 'Everything may throw a RelayError, so lib/errors.ts imports nothing.',
    severity: 'error',
    from: { path: '^lib/errors\\.ts$' },
    to: { path: '.' },
  },
  {
    name: 'lib-room-is-known',
    comment: 'A new folder of lib/ gets a row in the table of rooms: its place is a decision, not an accident.',
    severity: 'error',
    from: { path: '^lib/', pathNot: `^lib/(errors\\.ts$|(${roomNames})/)` },
    to: { path: '.' },
  },
  {
    name: 'lib-does-not-look-up',
    comment: 'What is in lib/ is the work; entrances, the building and the proof stand on it and may change without it.',
    severity: 'error',
    from: { path: '^lib/' },
    to: { path: '^(functions|local|infra|test|scripts|bench|examples|cli)/' },
  },
  {
    name: 'functions-import-lib-only',
    comment: 'A function is an entrance: what it needs is in lib/, so that the same handler runs in Lambda, in local mode and in a test.',
    severity: 'error',
    from: { path: '^functions/' },
    to: { path: '^(local|infra|test|scripts|bench|examples|cli)/' },
  },
  {
    name: 'functions-are-strangers',
    comment: 'Functions are deployed apart; what two of them share belongs in lib/.',
    severity: 'error',
    from: { path: '^functions/([^/]+)/' },
    to: { path: '^functions/', pathNot: '^functions/$1/' },
  },
  {
    name: 'infra-reads-leaves',
    comment: 'The stack is synthesised without the relay running; it reads names and sizes from files that import nothing.',
    severity: 'error',
    from: { path: '^infra/' },
    to: { path: '^(lib|functions|local|test|scripts|bench|examples|cli)/', pathNot: leaves },
  },
  {
    name: 'leaves-import-nothing',
    comment: 'What infra/ reads must drag nothing along.',
    severity: 'error',
    from: { path: leaves },
    to: { path: '.' },
  },
  {
    name: 'cli-stands-alone',
    comment:
      'The command talks to Okta and to the relay over HTTP, so of the relay it knows words, signatures, how deep JSON may be and how to read a variable.',
    severity: 'error',
    from: { path: '^cli/' },
    to: {
      path: '^(lib|functions|local|infra|test|scripts|bench|examples)/',
      pathNot: '^lib/(identity/(change-types|is-deeper-than)|subscriptions/type-pattern|aws/request-signer|config/environment)\\.ts$',
    },
  },
  {
    name: 'local-is-not-product',
    comment: 'Local mode stands around the relay; nothing that is deployed may lean on it.',
    severity: 'error',
    from: { pathNot: '^(local|test|examples|bench|scripts|cli)/' },
    to: { path: '^local/' },
  },
  {
    name: 'test-is-not-imported',
    comment: 'What proves the relay is not part of it. Only the test runner reads test/support.',
    severity: 'error',
    from: { pathNot: '^(test|scripts|bench)/' },
    to: { path: '^test/' },
  },
  {
    name: 'no-dev-packages-in-product',
    comment: 'A package that is not in `dependencies` is not there in production. Types are gone by then.',
    severity: 'error',
    from: { path: '^(functions|lib|infra|cli)/' },
    to: { dependencyTypes: ['npm-dev'], pathNot: '(^|/)node_modules/@types/' },
  },
  {
    name: 'no-undeclared-packages',
    comment: 'A package that package.json does not name comes and goes with somebody else.',
    severity: 'error',
    from: {},
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'no-unresolvable',
    comment: 'An import that leads nowhere fails when it is first reached, which may be in production.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-circular',
    comment: 'Of two files that need each other neither can be read, tested or moved alone.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'A file nobody imports and that imports nobody is dead, or an entrance that belongs in a folder of entrances.',
    severity: 'error',
    from: { orphan: true, path: '^(lib|functions|local|infra|test/support)/', pathNot: '\\.d\\.ts$' },
    to: {},
  },
  {
    name: 'no-barrels',
    comment: 'The path is the name: an index file gives things a second one and makes every import load them all.',
    severity: 'error',
    from: {},
    to: { path: '/index\\.[cm]?[jt]s$', pathNot: '(^|/)node_modules/' },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden,
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '(^|/)(cdk\\.out|\\.relay|dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts', '.node'],
    },
    // What a folder's worth of imports costs is seconds; a cache would be one more thing that can be stale.
    cache: false,
  },
};
