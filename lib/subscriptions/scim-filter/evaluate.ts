import { instantOf } from './date-time.ts';
import type { AttributePath, CompareOperator, Filter, Literal } from './filter.ts';
import { searchUnits, spend, textUnits, type FilterWork } from './filter-work.ts';
import { isSameName, ownMember, ownNames, ownValues } from './own-values.ts';

/** Whether it holds of that JSON. Once `work` is negative it does next to nothing more, and what it says means nothing. */
export type Predicate = (root: unknown, work: FilterWork) => boolean;

/**
 * Turns a filter into a predicate over plain JSON. The predicate never throws; what it costs grows with the number of
 * comparisons times the size of the JSON, and is taken off `work`. docs/scim-filter.md has the meaning of each operator as a table.
 */
export function predicateOf(filter: Filter): Predicate {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map(predicateOf);
      return (root, work) => terms.every((term) => term(root, work));
    }
    case 'or': {
      const terms = filter.terms.map(predicateOf);
      return (root, work) => terms.some((term) => term(root, work));
    }
    case 'not': {
      const term = predicateOf(filter.term);
      return (root, work) => !term(root, work);
    }
    case 'some': {
      const element = predicateOf(filter.element);
      return (root, work) => ownValues(root, filter.path, work).some((one) => work.left < 0 || element(one, work));
    }
    case 'present':
      return (root, work) => ownValues(root, filter.path, work).some((value) => work.left < 0 || isPresent(value, work));
    case 'compare':
      return comparison(filter.path, filter.operator, filter.value);
  }
}

function comparison(path: AttributePath, operator: CompareOperator, literal: Literal): Predicate {
  // `ne` is the opposite of `eq` for every change, so that a missing attribute is unequal to any value.
  if (operator === 'ne') {
    const equal = comparison(path, 'eq', literal);
    return (root, work) => !equal(root, work);
  }
  // RFC 7643 §2.5: an attribute without a value and one that is null are the same.
  if (literal === null) return (root, work) => ownValues(root, path, work).every((value) => spend(work, scalarUnits) && value === null);
  const holds = test(operator, literal, isCaseExact(path));
  return (root, work) => ownValues(root, path, work).some((value) => work.left < 0 || holds(comparable(value, work), work));
}

type Test = (value: unknown, work: FilterWork) => boolean;

/** A look at one value, and a number compared. */
const scalarUnits = 5;
/** A text read as a date-time. */
const dateTimeUnits = 100;

function test(operator: Exclude<CompareOperator, 'ne'>, literal: string | number | boolean, caseExact: boolean): Test {
  if (typeof literal !== 'string')
    return (value, work) =>
      spend(work, scalarUnits) && typeof value === typeof literal && holds(operator, compare(value as typeof literal, literal));
  const fold = caseExact ? (text: string) => text : (text: string) => text.toLowerCase();
  const wanted = fold(literal);
  if (operator === 'co') return textTest((text) => fold(text).includes(wanted), (text) => searchUnits(text, wanted)); // prettier-ignore
  if (operator === 'sw') return textTest((text) => fold(text).startsWith(wanted));
  if (operator === 'ew') return textTest((text) => fold(text).endsWith(wanted));
  const instant = instantOf(literal);
  if (instant === undefined) return textTest((text) => holds(operator, compare(fold(text), wanted)));
  const isRight = (text: string) => {
    const found = instantOf(text);
    return found !== undefined && holds(operator, compare(found, instant));
  };
  return textTest(isRight, () => dateTimeUnits);
}

function textTest(says: (text: string) => boolean, units: (text: string) => number = textUnits): Test {
  return (value, work) => spend(work, scalarUnits) && typeof value === 'string' && spend(work, units(value)) && says(value);
}

function compare<T extends string | number | boolean>(left: T, right: T): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function holds(operator: Exclude<CompareOperator, 'ne'>, order: number): boolean {
  if (operator === 'gt') return order > 0;
  if (operator === 'ge') return order >= 0;
  if (operator === 'lt') return order < 0;
  if (operator === 'le') return order <= 0;
  return order === 0;
}

/** RFC 7644 compares a complex attribute by its `value`: `emails co "example.com"`. */
function comparable(value: unknown, work: FilterWork): unknown {
  return typeof value === 'object' ? ownMember(value, 'value', work) : value;
}

function isPresent(value: unknown, work: FilterWork): boolean {
  if (!spend(work, scalarUnits) || value === null || value === '') return false;
  if (typeof value !== 'object') return true;
  // What is an object has members, and only its own are asked for.
  const members = value as Record<string, unknown>;
  const names = ownNames(members);
  return spend(work, 10 * names.length) && names.some((name) => members[name] !== null);
}

/**
 * SCIM's default is that letter case does not count (RFC 7643 §2.2, caseExact false). Identifiers are exact: two Okta ids
 * that differ in case belong to two people.
 */
const caseExactNames = ['id', 'externalId', 'userId', 'uuid', 'hookRequestId', 'transactionId', 'subject', 'source'];

function isCaseExact(path: AttributePath): boolean {
  return caseExactNames.some((name) => isSameName(name, path.at(-1) ?? ''));
}
