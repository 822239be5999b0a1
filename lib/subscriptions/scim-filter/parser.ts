import { compareOperators, filterLimits, type AttributePath, type CompareOperator, type Filter, type Literal } from './filter.ts';
import { FilterProblem } from './filter-problem.ts';
import { nameInWords } from './name-in-words.ts';
import { tokenise, type Token } from './lexer.ts';

export type ParsedFilter =
  | { readonly kind: 'parsed'; readonly filter: Filter }
  /** `position`: characters before the fault, counted from 0. */
  | { readonly kind: 'invalid'; readonly detail: string; readonly position: number };

/** Reads a filter by the grammar of RFC 7644 §3.4.2.2, within {@link filterLimits}. Never throws for anything in `text`. */
export function parseFilter(text: string): ParsedFilter {
  try {
    if (text.length > filterLimits.maxLength) {
      throw new FilterProblem(`a filter has at most ${filterLimits.maxLength} characters`, filterLimits.maxLength);
    }
    return { kind: 'parsed', filter: new Parser(tokenise(text)).whole() };
  } catch (error) {
    if (error instanceof FilterProblem) return { kind: 'invalid', detail: error.message, position: error.position };
    throw error;
  }
}

const attributeName = /^\$?[A-Za-z][A-Za-z0-9_-]*$/;
const bareLiterals: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const textOperators: readonly CompareOperator[] = ['co', 'sw', 'ew'];
const orderOperators: readonly CompareOperator[] = ['gt', 'ge', 'lt', 'le'];

/** Recursive descent: `or` binds loosest, then `and`, then `not (…)`. Depth is bounded, so the stack is too. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #comparisons = 0;
  #inBrackets = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Filter {
    const filter = this.#or();
    if (this.#peek().kind !== 'end') throw this.#problem('expected `and`, `or` or the end');
    return filter;
  }

  #or(): Filter {
    return this.#chain('or', () => this.#chain('and', () => this.#term()));
  }

  #chain(kind: 'and' | 'or', part: () => Filter): Filter {
    const first = part();
    const terms = [first];
    while (this.#isWord(kind)) {
      this.#next += 1;
      terms.push(part());
    }
    return terms.length === 1 ? first : { kind, terms };
  }

  #term(): Filter {
    if (this.#peek().kind === '(') return this.#nested('(', ')');
    if (this.#isWord('not') && this.#peek(1).kind === '(') {
      this.#next += 1;
      return { kind: 'not', term: this.#nested('(', ')') };
    }
    return this.#attribute();
  }

  #nested(open: '(' | '[', close: ')' | ']'): Filter {
    this.#depth += 1;
    if (this.#depth > filterLimits.maxDepth) throw this.#problem(`a filter nests at most ${filterLimits.maxDepth} deep`);
    this.#next += 1;
    const filter = this.#or();
    if (this.#peek().kind !== close) throw this.#problem(`expected \`and\`, \`or\` or \`${close}\` for this \`${open}\``);
    this.#next += 1;
    this.#depth -= 1;
    return filter;
  }

  #attribute(): Filter {
    const path = this.#path();
    if (this.#peek().kind === '[') return this.#elements(path);
    this.#comparisons += 1;
    if (this.#comparisons > filterLimits.maxComparisons)
      throw this.#problem(`a filter makes at most ${filterLimits.maxComparisons} comparisons`);
    if (this.#isWord('pr')) {
      this.#next += 1;
      return { kind: 'present', path };
    }
    const operator = this.#operator();
    return { kind: 'compare', path, operator, value: this.#literal(operator) };
  }

  #elements(path: AttributePath): Filter {
    if (this.#inBrackets) throw this.#problem('brackets inside brackets are not part of SCIM');
    this.#inBrackets = true;
    const element = this.#nested('[', ']');
    this.#inBrackets = false;
    return { kind: 'some', path, element };
  }

  #path(): AttributePath {
    const token = this.#peek();
    if (token.kind !== 'word') throw this.#problem('expected an attribute, e.g. `user.userName`');
    if (token.text.includes(':'))
      throw this.#problem('schema URNs cannot be used: write the path as it is in the change, e.g. `user.userName`');
    const [first, ...rest] = token.text.split('.');
    if (first === undefined || ![first, ...rest].every((name) => attributeName.test(name))) {
      throw this.#problem(`${nameInWords(token.text)} is not an attribute path, e.g. \`user.userName\``);
    }
    this.#next += 1;
    return [first, ...rest];
  }

  #operator(): CompareOperator {
    const token = this.#peek();
    const operator = token.kind === 'word' ? compareOperators.find((name) => name === token.text.toLowerCase()) : undefined;
    if (operator === undefined) throw this.#problem(`expected one of ${compareOperators.join(', ')}, pr`);
    this.#next += 1;
    return operator;
  }

  #literal(operator: CompareOperator): Literal {
    const token = this.#peek();
    const value = token.kind === 'literal' ? token.value : token.kind === 'word' ? bareLiterals.get(token.text) : undefined;
    if (value === undefined) throw this.#problem('expected a value: "text", a number, true, false or null');
    if (textOperators.includes(operator) && typeof value !== 'string') throw this.#problem(`\`${operator}\` compares with a string only`);
    if (orderOperators.includes(operator) && typeof value !== 'string' && typeof value !== 'number') {
      throw this.#problem(`\`${operator}\` compares with a string or a number only`);
    }
    this.#next += 1;
    return value;
  }

  #isWord(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'word' && token.text.toLowerCase() === text;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#next + ahead] ?? { kind: 'end', position: this.#tokens.at(-1)?.position ?? 0 };
  }

  #problem(message: string): FilterProblem {
    return new FilterProblem(message, this.#peek().position);
  }
}
