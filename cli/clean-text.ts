/** Shorter than this, a secret would be found in ordinary words. */
const leastLength = 4;

/**
 * Makes lines fit to be shown: secrets are blacked out, for what servers answer may repeat them, and control characters, with which a server could
 * write over the terminal, become spaces.
 */
export function cleanText(secrets: readonly string[]): (line: string) => string {
  const hidden = secrets.filter((secret) => secret.length >= leastLength).sort((one, other) => other.length - one.length);
  return (line) => {
    const blackened = hidden.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line);
    return blackened.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  };
}
