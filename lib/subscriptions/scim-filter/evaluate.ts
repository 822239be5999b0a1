import { instantOf } from './date-time.ts';
import type { AttributePath, CompareOperator, Filter, Literal } from './filter.ts';
import { isSameName, ownMember, ownValues } from './own-values.ts';

export type Predicate = (root: unknown) => boolean;

/**
 * Turns a filter into a predicate over plain JSON. The predicate never throws; what it costs grows with the number of
 * comparisons times the size of the JSON. docs/scim-filter.md has the meaning of each operator as a table.
 */
export function predicateOf(filter: Filter): Predicate {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map(predicateOf);
      return (root) => terms.every((term) => term(root));
    }
    case 'or': {
      const terms = filter.terms.map(predicateOf);
      return (root) => terms.some((term) => term(root));
    }
    case 'not': {
      const term = predicateOf(filter.term);
      return (root) => !term(root);
    }
    case 'some': {
      const element = predicateOf(filter.element);
      return (root) => ownValues(root, filter.path).some(element);
    }
    case 'present':
      return (root) => ownValues(root, filter.path).some(isPresent);
    case 'compare':
      return comparison(filter.path, filter.operator, filter.value);
  }
}

function comparison(path: AttributePath, operator: CompareOperator, literal: Literal): Predicate {
  // `ne` is the opposite of `eq` for every change, so that a missing attribute is unequal to any value.
  if (operator === 'ne') {
    const equal = comparison(path, 'eq', literal);
    return (root) => !equal(root);
  }
  // RFC 7643 §2.5: an attribute without a value and one that is null are the same.
  if (literal === null) return (root) => ownValues(root, path).every((value) => value === null);
  const holds = test(operator, literal, isCaseExact(path));
  return (root) => ownValues(root, path).some((value) => holds(comparable(value)));
}

type Test = (value: unknown) => boolean;

function test(operator: Exclude<CompareOperator, 'ne'>, literal: string | number | boolean, caseExact: boolean): Test {
  if (typeof literal !== 'string')
    return (value) => typeof value === typeof literal && holds(operator, compare(value as typeof literal, literal));
  const fold = caseExact ? (text: string) => text : (text: string) => text.toLowerCase();
  const wanted = fold(literal);
  if (operator === 'co') return (value) => typeof value === 'string' && fold(value).includes(wanted);
  if (operator === 'sw') return (value) => typeof value === 'string' && fold(value).startsWith(wanted);
  if (operator === 'ew') return (value) => typeof value === 'string' && fold(value).endsWith(wanted);
  const instant = instantOf(literal);
  if (instant === undefined) return (value) => typeof value === 'string' && holds(operator, compare(fold(value), wanted));
  return (value) => {
    const found = typeof value === 'string' ? instantOf(value) : undefined;
    return found !== undefined && holds(operator, compare(found, instant));
  };
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
function comparable(value: unknown): unknown {
  return typeof value === 'object' ? ownMember(value, 'value') : value;
}

function isPresent(value: unknown): boolean {
  if (value === null || value === '') return false;
  return typeof value !== 'object' || Object.values(value).some((member) => member !== null);
}

/**
 * SCIM's default is that letter case does not count (RFC 7643 §2.2, caseExact false). Identifiers are exact: two Okta ids
 * that differ in case belong to two people.
 */
const caseExactNames = ['id', 'externalId', 'userId', 'uuid', 'hookRequestId', 'transactionId', 'subject', 'source'];

function isCaseExact(path: AttributePath): boolean {
  return caseExactNames.some((name) => isSameName(name, path.at(-1) ?? ''));
}
