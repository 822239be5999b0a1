const loopback = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/** Whether a URL leads to the machine that asks, where plain HTTP is good enough and where nobody else comes. */
export function isOnThisMachine(url: URL): boolean {
  return loopback.test(url.hostname);
}
