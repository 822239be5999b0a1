/**
 * server.properties of one broker that is its own controller, on loopback alone. Sizes fit a laptop and quick starts.
 * `more` is set on top of them.
 */
export function brokerProperties(options: {
  readonly port: number;
  readonly controllerPort: number;
  readonly logDir: string;
  readonly more?: Readonly<Record<string, string | number>> | undefined;
}): string {
  const { port, controllerPort, logDir, more } = options;
  const properties: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    // Backslashes start an escape in a properties file.
    'log.dirs': logDir.replaceAll('\\', '/'),
    // MSK creates topics from a definition, and so do we: a typing error must not make one.
    'auto.create.topics.enable': 'false',
    // One broker can hold one copy.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'default.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 1,
    // No waiting for members that are not coming.
    'group.initial.rebalance.delay.ms': 0,
    // A broker that was killed may register again only when its last session is over: Kafka's nine seconds are for clusters.
    'broker.session.timeout.ms': 1_500,
    'broker.heartbeat.interval.ms': 300,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    ...more,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
