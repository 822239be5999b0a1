/**
 * How the text of a setting becomes its value (lib/config/variables.ts). Each throws an Error that says what is expected, and never
 * repeats what was given.
 */

export const text = (text: string): string => text;

export function oneOf<const T extends string>(...choices: readonly T[]) {
  return (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
    return found;
  };
}

export function url(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new Error('must be an http(s) URL');
  return text;
}

function list(text: string): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new Error('must name at least one');
  return items;
}

export function brokers(text: string): string[] {
  const items = list(text);
  const bad = items.find((item) => !/^[^\s:]+:[0-9]{1,5}$/.test(item) && !/^\[[0-9a-fA-F:]+\]:[0-9]{1,5}$/.test(item));
  if (bad !== undefined) throw new Error('must be host:port, comma-separated');
  return items;
}

export function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < min || value > max) throw new Error(`must be a whole number from ${min} to ${max}`);
    return value;
  };
}

export function yesOrNo(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('must be true or false');
  return text === 'true';
}

export function adminToken(text: string): string {
  if (text.length < 16) throw new Error('must have at least 16 characters');
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error('must be printable ASCII without spaces');
  return text;
}
