/** Told to subscribers in `user-agent`. A test holds it against package.json, which is not there in a bundle. */
export const relayVersion = '0.1.0';
