import type { ChangeLogRange } from '../intake/change-log-range.ts';
import type { ChangeLog } from '../intake/change-log.ts';

/**
 * Parts that only a process around the handlers can bring. Local mode provides the embedded change log before it imports
 * the handlers (CHANGE_LOG=embedded); in Lambda nothing is ever provided.
 */
const parts: { changeLog?: ChangeLog; changeLogRange?: ChangeLogRange } = {};

export function provideChangeLog(changeLog: ChangeLog): void {
  parts.changeLog = changeLog;
}

export function providedChangeLog(): ChangeLog | undefined {
  return parts.changeLog;
}

export function provideChangeLogRange(changeLogRange: ChangeLogRange): void {
  parts.changeLogRange = changeLogRange;
}

export function providedChangeLogRange(): ChangeLogRange | undefined {
  return parts.changeLogRange;
}
