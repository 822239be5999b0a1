import { attributeText } from './attribute-text.ts';
import type { ChangeType, Participant } from './change-types.ts';
import type { Participants } from './participants.ts';

/**
 * Which piece of state a change sets, e.g. `users/00u…/groups/00g…`; undefined for a fact. Ids are encoded by
 * {@link attributeText}, so that no id can spell another's key.
 * @param participants all those that the row needs; a row's key names no others.
 */
export function stateKeyOf(row: Pick<ChangeType, 'stateKey'>, participants: Participants): string | undefined {
  return row.stateKey?.replace(/\{(user|group|app)\}/g, (_, name: Participant) => attributeText(participants[name]?.id ?? ''));
}
