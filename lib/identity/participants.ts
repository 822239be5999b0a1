import type { LogEvent, LogEventTarget } from '../okta/log-event.ts';
import type { Change } from './change.ts';

/** Those of an event's targets that a change has words for. */
export type Participants = Pick<Change['data'], 'user' | 'group' | 'app'>;

/**
 * Finds the user, the group and the app among the targets, by type. Where an event names two different ones of a type
 * there is no telling which is meant, and a guess could close the wrong account: that participant is then absent.
 */
export function participantsOf(event: LogEvent): Participants {
  const user = onlyOne(event, 'User');
  const group = onlyOne(event, 'UserGroup');
  const app = onlyOne(event, 'AppInstance');
  const appUser = onlyOne(event, 'AppUser');
  const login = user?.alternateId;
  return {
    ...(user !== undefined && {
      // `unknown` is what Okta writes where a target has no alternate id.
      user: { id: user.id, ...(login !== undefined && login !== 'unknown' && { userName: login }), ...named(user) },
    }),
    ...(group !== undefined && { group: { id: group.id, ...named(group) } }),
    ...(app !== undefined && { app: { id: app.id, ...named(app), ...(appUser !== undefined && { userId: appUser.id }) } }),
  };
}

function onlyOne(event: LogEvent, type: string): LogEventTarget | undefined {
  const [first, ...others] = event.targets.filter((target) => target.type === type);
  return first !== undefined && others.every((other) => other.id === first.id) ? first : undefined;
}

function named(target: LogEventTarget): { displayName?: string } {
  return target.displayName === undefined ? {} : { displayName: target.displayName };
}
