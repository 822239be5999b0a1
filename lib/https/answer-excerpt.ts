import type { IncomingHttpHeaders } from 'node:http';

/** Read of a body at most, in bytes, and kept of its text, in UTF-16 units. */
const maxReadBytes = 1_024;
const longestExcerpt = 256;
/** Where nobody says that it is text: with more than one character in so many that cannot be decoded, it is none. */
const textPerUnreadable = 10;

/** Types that say of themselves that they are text. What says nothing may be. */
const textType = /^(?:text\/|application\/(?:[a-z0-9.+-]*\+)?(?:json|xml|x-www-form-urlencoded|javascript|yaml)\b)/i;
/** Characters that would move a cursor, hide, or turn the text around them: controls, formats, separators of lines. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The beginning of an answer's body, for people who ask why it was refused: never more than a kilobyte of it, and none of what is compressed or
 * is no text. It is the subscriber's words and is trusted with nothing.
 */
export class AnswerExcerpt {
  readonly #kind: BodyKind;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(headers: DescribingHeaders) {
    this.#kind = kindOf(headers);
  }

  add(chunk: Buffer): void {
    if (this.#kind === 'no-text' || this.#bytes >= maxReadBytes) return;
    // A copy: a view would keep the whole of what the socket read.
    const taken = Buffer.from(chunk.subarray(0, maxReadBytes - this.#bytes));
    this.#chunks.push(taken);
    this.#bytes += taken.length;
  }

  /** Undefined when nothing came, or no text. */
  text(): string | undefined {
    // Not told that the text ends here, the decoder leaves out a character that was cut in two.
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks), { stream: true });
    if (text === '' || text.includes('\u0000')) return undefined;
    const unreadable = text.split('\ufffd').length - 1;
    return this.#kind === 'unsaid' && unreadable * textPerUnreadable > text.length ? undefined : escaped(text);
  }
}

type DescribingHeaders = Pick<IncomingHttpHeaders, 'content-type' | 'content-encoding'>;
type BodyKind = 'text' | 'unsaid' | 'no-text';

function kindOf({ 'content-type': type = '', 'content-encoding': encoding = '' }: DescribingHeaders): BodyKind {
  if (!/^(?:identity)?$/i.test(encoding.trim())) return 'no-text';
  if (type.trim() === '') return 'unsaid';
  return textType.test(type.trim()) ? 'text' : 'no-text';
}

/** Whole characters and whole escapes, as many as there is room for. */
function escaped(text: string): string {
  let excerpt = '';
  for (const character of text) {
    const piece = unsafe.test(character) ? (shortEscapes[character] ?? codeOf(character)) : character;
    if (excerpt.length + piece.length > longestExcerpt) break;
    excerpt += piece;
  }
  return excerpt;
}

function codeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}
