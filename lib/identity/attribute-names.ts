const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const workAddress = 'addresses[type eq "work"]';

/** Okta's default user profile in SCIM words (RFC 7643 §4.1, §4.3). Custom attributes have no SCIM name. */
const userPaths: ReadonlyMap<string, string> = new Map([
  ['login', 'userName'],
  ['firstName', 'name.givenName'],
  ['lastName', 'name.familyName'],
  ['middleName', 'name.middleName'],
  ['honorificPrefix', 'name.honorificPrefix'],
  ['honorificSuffix', 'name.honorificSuffix'],
  ['displayName', 'displayName'],
  ['nickName', 'nickName'],
  ['profileUrl', 'profileUrl'],
  ['email', 'emails[primary eq true].value'],
  ['secondEmail', 'emails[primary eq false].value'],
  ['primaryPhone', 'phoneNumbers[primary eq true].value'],
  ['mobilePhone', 'phoneNumbers[type eq "mobile"].value'],
  ['streetAddress', `${workAddress}.streetAddress`],
  ['city', `${workAddress}.locality`],
  ['state', `${workAddress}.region`],
  ['zipCode', `${workAddress}.postalCode`],
  ['countryCode', `${workAddress}.country`],
  ['postalAddress', `${workAddress}.formatted`],
  ['preferredLanguage', 'preferredLanguage'],
  ['locale', 'locale'],
  ['timezone', 'timezone'],
  ['title', 'title'],
  ['userType', 'userType'],
  ['employeeNumber', `${enterprise}:employeeNumber`],
  ['costCenter', `${enterprise}:costCenter`],
  ['organization', `${enterprise}:organization`],
  ['division', `${enterprise}:division`],
  ['department', `${enterprise}:department`],
  ['managerId', `${enterprise}:manager.value`],
  ['manager', `${enterprise}:manager.displayName`],
  ['status', 'active'],
]);

/** Okta's group profile; core SCIM has no word for a group's description. */
const groupPaths: ReadonlyMap<string, string> = new Map([['name', 'displayName']]);

/** The SCIM path of an Okta profile attribute, or `okta:<name>` where SCIM has no word for it. */
export function scimPathOf(resourceType: 'User' | 'Group', name: string): string {
  return (resourceType === 'User' ? userPaths : groupPaths).get(name) ?? `okta:${name}`;
}
