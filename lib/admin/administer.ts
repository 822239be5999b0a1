import type { AdminParts } from './admin-call.ts';
import type { AdminOutcome } from './admin-outcome.ts';
import type { AdminRequest } from './admin-request.ts';
import { routes } from './routes.ts';

/**
 * Carries out one call of the admin API. Who may not call it learns nothing else, not even which paths there are; the public keys of
 * subscriptions alone are for everybody.
 * @throws RelayError of the stores and keys behind the call.
 */
export async function administer(request: AdminRequest, parts: AdminParts): Promise<AdminOutcome> {
  const { authorisation } = parts;
  const here = routes.flatMap((route) => {
    const name = nameIn(request.path, route.path);
    return name === undefined ? [] : [{ ...route, name }];
  });
  const route = here.find(({ method }) => method === request.method);
  if (route?.open !== true && !authorisation.isAllowed(request)) return { kind: 'unauthorised', challenge: authorisation.challenge };
  if (here.length === 0) return { kind: 'not-found' };
  if (route === undefined) return { kind: 'other-method', allow: here.map(({ method }) => method) };
  return route.call({ request, name: route.name }, parts);
}

/** What stands for the braces, empty where the pattern has none; undefined when the path is another one. */
function nameIn(path: string, pattern: string): string | undefined {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  const isSame =
    parts.length === wanted.length && wanted.every((part, index) => (part.startsWith('{') ? parts[index] !== '' : parts[index] === part));
  return isSame ? (parts[wanted.findIndex((part) => part.startsWith('{'))] ?? '') : undefined;
}
