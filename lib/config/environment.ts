/** The only reader of process.env. */
let source: Readonly<Record<string, string | undefined>> = process.env;

/** Local mode gives the handlers their settings this way, before it imports them; nothing is written to process.env. */
export function provideEnvironment(values: Readonly<Record<string, string>>): void {
  source = { ...process.env, ...values };
}

export function environmentVariable(name: string): string | undefined {
  const value = source[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}
