/** Shorter than this, a needle could be found by chance. */
const shortest = 8;

/**
 * What a careless writer would leave behind of a value: as it is, escaped for JSON (once, and JSON within JSON), for URLs and for XML, in hex,
 * and in base64, also in the middle of something longer that was encoded as a whole. Of a signing secret, with and without its prefix, its bytes too.
 */
export function spellingsOf(value: string): Buffer[] {
  const bare = value.replace(/^(?:whsec|whsk|ohs)_/, '');
  const texts = [value, bare].flatMap(escapedFormsOf);
  const keys = /^wh(?:sec|sk)_/.test(value) ? keysIn(bare) : [];
  const encoded = [...distinct(texts).map((text) => Buffer.from(text)), ...keys].flatMap((bytes) => [
    ...hexOf(bytes),
    ...base64FormsOf(bytes),
  ]);
  const inOtherCase = [value, bare].flatMap((text) => [text.toLowerCase(), text.toUpperCase()]);
  const needles = [...distinct([...texts, ...inOtherCase, ...encoded]).map((text) => Buffer.from(text)), ...keys];
  return needles.filter(({ length }) => length >= shortest);
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

/** The bytes of a secret; of a key pair, also its private half alone. */
function keysIn(base64: string): Buffer[] {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === 64 ? [bytes, bytes.subarray(0, 32)] : [bytes];
}

function escapedFormsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[^\x20-\x7e]/g, (sign) => String.raw`\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const url = encodeURIComponent(text);
  const xml = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  return [text, json, ascii, JSON.stringify(json).slice(1, -1), JSON.stringify(ascii).slice(1, -1), url, url.replaceAll('%20', '+'), xml];
}

const hexOf = (bytes: Buffer): string[] => [bytes.toString('hex'), bytes.toString('hex').toUpperCase()];

/** Base64 has three forms of the same bytes, by where in the whole they begin; what depends on their neighbours is left out. */
function base64FormsOf(bytes: Buffer): string[] {
  const forms = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), whole);
  });
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}
