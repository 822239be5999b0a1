import type { Literal } from './filter.ts';
import { FilterProblem } from './filter-problem.ts';

export type Token =
  /** An attribute path, an operator or a bare literal; only its place tells which. */
  | { readonly kind: 'word'; readonly text: string; readonly position: number }
  | { readonly kind: 'literal'; readonly value: Literal; readonly position: number }
  | { readonly kind: '(' | ')' | '[' | ']' | 'end'; readonly position: number };

// Sticky patterns without nested or overlapping repetition: each reads a character once.
const space = /[ \t\r\n]+/y;
const word = /[A-Za-z_$][A-Za-z0-9_$:.-]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** @throws FilterProblem */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let position = skip(text, 0);
  while (position < text.length) {
    const { token, end } = read(text, position);
    if (!isPunctuation(token) && end < text.length && !/[ \t\r\n()[\]]/.test(text.charAt(end))) {
      throw new FilterProblem(`a space is missing before ${shown(text, end)}`, end);
    }
    tokens.push(token);
    position = skip(text, end);
  }
  return [...tokens, { kind: 'end', position: text.length }];
}

function read(text: string, position: number): { token: Token; end: number } {
  const first = text.charAt(position);
  if (first === '(' || first === ')' || first === '[' || first === ']') return { token: { kind: first, position }, end: position + 1 };
  if (first === '"') return readString(text, position);
  const wordText = match(word, text, position);
  if (wordText !== undefined) return { token: { kind: 'word', text: wordText, position }, end: position + wordText.length };
  const numberText = match(number, text, position);
  if (numberText !== undefined) return { token: readNumber(numberText, position), end: position + numberText.length };
  throw new FilterProblem(`${shown(text, position)} does not belong here`, position);
}

function readNumber(text: string, position: number): Token {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new FilterProblem('the number is too large', position);
  return { kind: 'literal', value, position };
}

/** RFC 7644 takes its strings from JSON, so JSON reads them: escapes, and no raw control characters. */
function readString(text: string, position: number): { token: Token; end: number } {
  let end = position + 1;
  while (end < text.length && text.charAt(end) !== '"') end += text.charAt(end) === '\\' ? 2 : 1;
  if (end >= text.length) throw new FilterProblem('the string is not closed', position);
  try {
    const value: unknown = JSON.parse(text.slice(position, end + 1));
    return { token: { kind: 'literal', value: String(value), position }, end: end + 1 };
  } catch {
    // JSON.parse says only that it failed; the reason is one of these two.
    throw new FilterProblem('the string holds a control character or an escape that JSON does not have', position);
  }
}

function isPunctuation(token: Token): boolean {
  return token.kind !== 'word' && token.kind !== 'literal';
}

function skip(text: string, position: number): number {
  return position + (match(space, text, position)?.length ?? 0);
}

function match(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

function shown(text: string, position: number): string {
  return `\`${String.fromCodePoint(text.codePointAt(position) ?? 0)}\``;
}
