import { isOnThisMachine } from './is-on-this-machine.ts';
import type { GivenFlags } from './read-flags.ts';

/** An HTTPS URL, or one on this machine. A problem never repeats it: a password may stand in it. */
export function readUrl(flags: GivenFlags, name: 'okta-org' | 'hook-url' | 'from-relay', problems: string[]): URL | undefined {
  const text = flags.value(name);
  if (text === undefined) {
    if (!flags.isFaulty(name)) problems.push(`--${name} is needed`);
  } else if (!URL.canParse(text)) problems.push(`--${name} is no URL`);
  else {
    const url = new URL(text);
    const problem = urlProblem(url, name);
    if (problem === undefined) return url;
    problems.push(`--${name} ${problem}`);
  }
  return undefined;
}

function urlProblem(url: URL, name: 'okta-org' | 'hook-url' | 'from-relay'): string | undefined {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isOnThisMachine(url))) return 'is to begin with https://';
  if (url.username !== '' || url.password !== '') return 'is to have no user name and no password';
  if (url.search !== '' || url.hash !== '') return 'is to end with its path';
  if (name === 'okta-org' && url.pathname !== '/') return 'is to be the org alone, such as https://acme.okta.com';
  // Okta's console is on a host of its own, and its address bar is where people copy from.
  if (name === 'okta-org' && /-admin\.(okta|oktapreview|okta-emea)\.com$/.test(url.hostname))
    return 'is the address of the Admin Console: leave out -admin';
  return undefined;
}
