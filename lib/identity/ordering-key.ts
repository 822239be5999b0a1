import type { LogEvent } from '../okta/log-event.ts';
import { attributeText } from './attribute-text.ts';
import { subjectOf } from './subject.ts';

/**
 * What changes are kept in order by, within an org: the id of whom the event is about, else its uuid. Never the actor and
 * never a constant, which would put everything into one lane. Encoded by {@link attributeText}.
 */
export function orderingKeyOf(event: LogEvent): string {
  return attributeText(subjectOf(event)?.id ?? event.uuid);
}
