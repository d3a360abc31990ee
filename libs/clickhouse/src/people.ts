/**
 * The quota key that the gate sends with what people ask, and nobody else: ClickHouse's own word for the user behind a
 * user. The embedded engine has places of their own for them; on a server a quota can be given to it.
 */
export const PEOPLE_QUOTA_KEY = 'people';
