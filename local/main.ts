import { isRelayError } from '#lib/errors.ts';
import { demonstrate } from './demonstration.ts';
import { startDemoSubscriber, type DemoSubscriber, type ReceivedWebhook } from './demo-subscriber.ts';
import { demoOrg, helpText, parseOptions, type LocalOptions } from './options.ts';
import { printOnce } from './print-once.ts';
import { startRelay, type LocalRelay } from './relay.ts';
import { banner, ownEvent } from './screen.ts';
import { subscribeDemo } from './subscribe-demo.ts';

const print = (line: string): void => console.log(line);
const complain = printOnce((line) => console.error(line), 10_000, Date.now);
/** Ctrl-C and SIGTERM end the relay within 10 s; what is not settled by then is delivered at the next start. */
const stopDeadlineMs = 7_000;

const parsed = parseOptions(process.argv.slice(2));
if (parsed.kind === 'help') print(helpText);
else if (parsed.kind === 'problems') {
  console.error(
    `The relay cannot start: ${parsed.problems.length} problem${parsed.problems.length === 1 ? '' : 's'}\n${parsed.problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
  process.exitCode = 2;
} else await main(parsed.options);

async function main(options: LocalOptions): Promise<void> {
  let relay: LocalRelay;
  try {
    relay = await startRelay(options, (what, error) => complain(`${what} failed: ${describe(error)}`));
  } catch (error) {
    console.error(`The relay cannot start: ${describe(error)}`);
    process.exit(1);
  }
  const waiting = new Map<string, (webhook: ReceivedWebhook) => void>();
  const subscriber = await startDemoSubscriber((webhook) => {
    const waiter = waiting.get(webhook.id);
    if (waiter) waiter(webhook);
    else if (webhook.change.data.org !== demoOrg) showWebhook(webhook);
  });
  stopOnSignal(relay, subscriber);
  print(banner(relay, options));
  const worked = await runDemonstration(relay, options, subscriber, waiting);
  if (options.once) {
    await finish(relay, subscriber);
    process.exit(worked ? 0 : 1);
  }
  if (!worked) print(`\nThe demonstration did not work; what the functions say is in ${relay.logFile}`);
  print(ownEvent(relay, options));
}

async function runDemonstration(
  relay: LocalRelay,
  options: LocalOptions,
  subscriber: DemoSubscriber,
  waiting: Map<string, (webhook: ReceivedWebhook) => void>,
): Promise<boolean> {
  try {
    await subscribeDemo(relay, subscriber, options.defaultOrg ? options.orgs : []);
  } catch (error) {
    print(`  ✗ ${describe(error)}`);
    return false;
  }
  return demonstrate({
    relayUrl: relay.url,
    adminToken: relay.adminToken,
    hookSecret: relay.orgs.find(({ org }) => org.id === demoOrg)?.hookSecret?.value ?? '',
    subscriber,
    received: (changeId) => new Promise((resolve) => waiting.set(changeId, resolve)),
    print,
  });
}

function stopOnSignal(relay: LocalRelay, subscriber: DemoSubscriber): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    print('\nStopping: finishing what is in hand.');
    void finish(relay, subscriber).then((outcome) => {
      print(outcome === 'settled' ? 'Stopped.' : 'Stopped, with something still in hand: it goes on at the next start.');
      process.exit(0);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** Waits for the deadline at most, even if something hangs: what is not settled is in the queue, on disk. */
async function finish(relay: LocalRelay, subscriber: DemoSubscriber): Promise<'settled' | 'late'> {
  const deadline = new Promise<'late'>((resolve) => setTimeout(resolve, stopDeadlineMs, 'late' as const));
  const settled = Promise.allSettled([relay.stop(), subscriber.stop()]).then(() => 'settled' as const);
  return Promise.race([settled, deadline]);
}

function showWebhook(webhook: ReceivedWebhook): void {
  print(`  → built-in subscriber got ${webhook.change.type} ${webhook.id}, signature ${webhook.signature}`);
}

function describe(error: unknown): string {
  if (isRelayError(error)) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
