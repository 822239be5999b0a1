import type { LogEvent, LogEventTarget } from '../okta/log-event.ts';

export interface Subject {
  readonly collection: 'users' | 'groups' | 'targets';
  readonly id: string;
}

/**
 * Whom an event is about: its user, else its group, else its first target; undefined when it has no target. Okta gives
 * targets in any order, so "first" is by type and id: a repeat of the event with its targets turned round is about the same.
 */
export function subjectOf(event: LogEvent): Subject | undefined {
  const user = firstOf(event.targets.filter((target) => target.type === 'User'));
  if (user !== undefined) return { collection: 'users', id: user.id };
  const group = firstOf(event.targets.filter((target) => target.type === 'UserGroup'));
  if (group !== undefined) return { collection: 'groups', id: group.id };
  const other = firstOf(event.targets);
  return other === undefined ? undefined : { collection: 'targets', id: other.id };
}

function firstOf(targets: readonly LogEventTarget[]): LogEventTarget | undefined {
  return targets.reduce<LogEventTarget | undefined>(
    (first, target) => (first === undefined || precedes(target, first) ? target : first),
    undefined,
  );
}

function precedes(one: LogEventTarget, other: LogEventTarget): boolean {
  const [oneType, otherType] = [one.type ?? '', other.type ?? ''];
  return oneType === otherType ? one.id < other.id : oneType < otherType;
}
