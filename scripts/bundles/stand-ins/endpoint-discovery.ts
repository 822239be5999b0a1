/**
 * Stands in a bundle for @aws-sdk/middleware-endpoint-discovery and the cache it brings. The DynamoDB client is made with it, and asks
 * for endpoints only where discovery is switched on by a variable or a profile, which nothing in Lambda does.
 */
export function resolveEndpointDiscoveryConfig<Config extends object>(config: Config): Config {
  return Object.assign(config, { endpointDiscoveryEnabled: () => Promise.resolve(false), isClientEndpointDiscoveryEnabled: false });
}

const off = (): boolean => false;

export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: off,
  configFileSelector: off,
  default: false,
};
