import { askFor, resume } from './ask-for-parked.ts';
import { nameOf } from './history.ts';
import { deliveryOf, replayOf } from './messages.ts';
import { personCount, type Command, type Script } from './script.ts';
import { Simulation, type Plant } from './simulation.ts';
import { brokenClaims } from './claims.ts';

const hourMs = 60 * 60_000;

/** Plays a script, then heals everything and waits until nothing is owed. Throws what was broken, with all that happened. */
export async function runScript(script: Script, plant?: Plant): Promise<void> {
  const simulation = new Simulation(script, plant);
  let number = 0;
  for (const command of script.commands) {
    await simulation.runFor(command.afterMs);
    if (command.kind === 'publish-all-at-probe') await untilProbe(simulation, command.subscription);
    act(simulation, command, (number += 1));
  }
  await simulation.runFor(10_000);
  heal(simulation);
  const ended = await simulation.runOut();
  const broken = brokenClaims(simulation, ended);
  if (broken.length > 0) throw new Error(`${broken.slice(0, 8).join('\n')}\n\n${simulation.history.toString()}`);
}

async function untilProbe(simulation: Simulation, subscription: number): Promise<void> {
  const all = await simulation.observed.stores.subscriptions.all();
  const circuit = all.find(({ id }) => id === simulation.subscriptions[subscription]?.id)?.circuit;
  if (circuit !== undefined) await simulation.runFor(Math.max(0, Date.parse(circuit.probeAt) - simulation.time.nowMs));
}

function act(simulation: Simulation, command: Command, number: number): void {
  const { time, faults, history } = simulation;
  const { endpoint } = simulation.stores;
  switch (command.kind) {
    case 'publish':
      return publish(simulation, command);
    case 'publish-all':
    case 'publish-all-at-probe':
      for (let person = 0; person < personCount; person += 1) publish(simulation, { ...command, kind: 'publish', person, answers: [] });
      return;
    case 'redeliver':
      return void askFor(simulation, command.which);
    case 'replay': {
      const message = [...history.accepted.values()][command.which]?.message;
      const subscription = simulation.subscriptions.find(({ id }) => id === message?.subscription);
      if (message === undefined || subscription === undefined || message.replay !== undefined) return;
      return void simulation.queues.replayDeliveries.send([replayOf(message, subscription, { number, full: command.full })]);
    }
    case 'down':
      simulation.tell(`subscription ${command.subscription + 1} is down: ${command.how} for ${command.forMs / 1_000} s`);
      return endpoint.down(simulation.subscriptions[command.subscription]?.id ?? '', command.how, time.nowMs + command.forMs);
    case 'away':
      simulation.tell(`${command.port} away for ${command.forMs / 1_000} s`);
      return faults.away(command.port, command.forMs);
    case 'fault':
      return faults.plan(command.call, command.inCalls, { kind: command.fault, moment: command.moment, forMs: command.forMs });
    case 'batch-lost':
      simulation.lostBatches += 1;
      return;
    default:
      return void change(simulation, command);
  }
}

function publish(simulation: Simulation, command: Extract<Command, { kind: 'publish' }>): void {
  const subscription = simulation.subscriptions[command.subscription];
  if (subscription === undefined) return;
  const delivery = deliveryOf(subscription, command);
  simulation.stores.endpoint.program(delivery.message, command.answers);
  simulation.tell(`published ${nameOf(delivery.message)} ${command.answers.join(' ')}`);
  void simulation.queues.deliveries.send([delivery]);
}

/** By the API: on the stores themselves, for its caller would ask again until it is done. */
function change(simulation: Simulation, { kind, subscription }: { kind: string; subscription: number }): unknown {
  const { stores, subscriptions, time } = simulation;
  const id = subscriptions[subscription]?.id;
  const at = time.now();
  if (id === undefined) return;
  const set = stores.subscriptions.setStatus.bind(stores.subscriptions);
  if (kind === 'pause') return set(id, { status: 'paused', from: ['active'], at, pausedUntil: new Date(time.nowMs + 24 * hourMs) });
  if (kind === 'resume') return resume(simulation, id);
  if (kind === 'delete') return set(id, { status: 'deleted', from: ['active', 'paused', 'disabled'], at });
  const recovery = {
    id: `rpl_01k9recovery0${at.getTime()}`,
    status: 'running' as const,
    since: new Date(time.nowMs - 3 * hourMs).toISOString(),
    until: at.toISOString(),
    redelivered: 0,
  };
  return stores.subscriptions.setRecovery(id, { seen: undefined, recovery });
}

function heal(simulation: Simulation): void {
  simulation.tell('all is well from here');
  simulation.faults.heal();
  simulation.stores.endpoint.heal();
  const at = simulation.time.now();
  for (const { id } of simulation.subscriptions)
    void simulation.stores.subscriptions.setStatus(id, { status: 'active', from: ['paused'], at });
}
