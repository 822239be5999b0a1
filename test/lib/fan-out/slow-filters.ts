import type { LogRecord } from '#lib/intake/change-log.ts';
import type { Change } from '#lib/identity/change.ts';
import { changeAbout, recordOf } from '../../support/deliveries.ts';

/** A change about `user` with this many date-times in it, at `user.seen`. */
export function changeWithTimes(times: number, user = 'ana', id = 'slow'): Change {
  const seen = Array<string>(times).fill('2026-11-21T12:58:42Z');
  return changeAbout(user, id, { data: { org: 'acme', user: { id: user, seen }, okta: { eventType: 'user.lifecycle.deactivate' } } });
}

/** A filter that reads them so many times over and says no. A date-time takes some 105 units. */
export function readsTimes(times: number): string {
  return Array<string>(times).fill('user.seen gt "2027-11-21T12:58:42Z"').join(' or ');
}

/** A record with as many date-times as a change can have. */
export function slowRecord(place: { partition: number; offset: number }, user = 'ana'): LogRecord {
  return recordOf(place, changeWithTimes(9_900, user, `${user}-${place.offset}`));
}
