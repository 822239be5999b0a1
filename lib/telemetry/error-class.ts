/** Of names that are made in a program; one that was put together from what it was given may have anything in it. */
const className = /^[\w.$]{1,64}$/;

/** What an error calls itself, where that is a name: `TypeError`, `KafkaJSConnectionError`, a service's own code. Of anything else that was thrown, its type. */
export function errorClass(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const name: unknown = error.name;
  return typeof name === 'string' && className.test(name) ? name : 'Error';
}
