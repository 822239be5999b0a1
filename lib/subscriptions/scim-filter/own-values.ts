import { namesUnits, spend, stepUnits, type FilterWork } from './filter-work.ts';
import type { AttributePath } from './filter.ts';

/**
 * Every value that a path leads to in plain JSON. Lists on the way are walked one level (SCIM has no lists of lists),
 * names are found in any ASCII case, and only a value's own members count, never what it inherits.
 * Visits each part of the JSON once at most; neither recursion nor order of members depends on how deep it is. None once `work` is used up.
 */
export function ownValues(root: unknown, path: AttributePath, work: FilterWork): unknown[] {
  let values = [root];
  for (const name of path) {
    if (!spend(work, stepUnits(values.length))) return [];
    values = values.flatMap((value) => {
      const member = ownMember(value, name, work);
      if (Array.isArray(member)) return spend(work, member.length) ? (member as unknown[]) : [];
      return member === undefined ? [] : [member];
    });
  }
  return values;
}

/** A member by its exact name, or else the first one that differs in case only. */
export function ownMember(value: unknown, name: string, work: FilterWork): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = value as Record<string, unknown>;
  if (Object.hasOwn(members, name)) return members[name];
  const names = ownNames(members);
  if (!spend(work, namesUnits(names.length, name.length))) return undefined;
  const found = names.find((key) => isSameName(key, name));
  return found === undefined ? undefined : members[found];
}

/** V8 takes a hundred times as long to list the names of a large object, and every filter asks for them again. */
const largeAbove = 128;
const listed = new WeakMap<object, readonly string[]>();

/** Of a value that is not changed any more. */
export function ownNames(members: object): readonly string[] {
  const known = listed.get(members);
  if (known !== undefined) return known;
  const names = Object.keys(members);
  if (names.length > largeAbove) listed.set(members, names);
  return names;
}

/**
 * Equal but for ASCII case. SCIM names are ASCII; a letter from elsewhere that lower-cases into ASCII (the Kelvin sign) makes
 * another name. Written out because it runs for every member of every object on the way, and folded copies would cost most.
 */
export function isSameName(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) {
    if (lowerCaseCode(left, index) !== lowerCaseCode(right, index)) return false;
  }
  return true;
}

/** Code unit with A-Z moved to a-z. */
function lowerCaseCode(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code >= 65 && code <= 90 ? code + 32 : code;
}
