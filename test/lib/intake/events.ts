/** A readable Okta event about an invented user; `more` replaces or adds fields. */
export function oktaEvent(uuid: string, more: object = {}) {
  return {
    uuid,
    published: '2026-11-21T11:59:50.000Z',
    eventType: 'user.lifecycle.deactivate',
    outcome: { result: 'SUCCESS' },
    actor: { id: '00uAdmin', type: 'User', alternateId: 'sam@example.com', displayName: 'Sam Ode' },
    target: [{ id: '00uAna', type: 'User', alternateId: 'ana@example.com', displayName: 'Ana Ito' }],
    ...more,
  };
}

export function hookBody(events: readonly unknown[], more: object = {}): string {
  return JSON.stringify({
    eventType: 'com.okta.event_hook',
    source: 'https://acme.okta.com/api/v1/eventHooks/who1',
    eventId: 'delivery-1',
    data: { events },
    ...more,
  });
}
