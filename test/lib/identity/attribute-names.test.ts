import { describe, expect, it } from 'vitest';
import { scimPathOf } from '#lib/identity/attribute-names.ts';

describe('scimPathOf', () => {
  it.each([
    ['login', 'userName'],
    ['firstName', 'name.givenName'],
    ['email', 'emails[primary eq true].value'],
    ['mobilePhone', 'phoneNumbers[type eq "mobile"].value'],
    ['city', 'addresses[type eq "work"].locality'],
    ['managerId', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value'],
    ['title', 'title'],
  ])('says the user attribute %s as %s', (name, path) => {
    expect(scimPathOf('User', name)).toBe(path);
  });

  it("says a group's name as displayName", () => {
    expect(scimPathOf('Group', 'name')).toBe('displayName');
    expect(scimPathOf('Group', 'description')).toBe('okta:description');
  });

  it('keeps a name that SCIM has no word for', () => {
    for (const name of ['favouriteTea', '__proto__', 'constructor', 'FirstName']) expect(scimPathOf('User', name)).toBe(`okta:${name}`);
  });
});
