interface Somebody { profile_id: string; name?: string | null; email?: string | null; user_id?: string | null }

/** How a person is called everywhere: name, e-mail or user id; who has none of them by the begin of the id. */
export const personName = (row: Somebody): string => row.name ?? row.email ?? row.user_id ?? `Person ${row.profile_id.slice(0, 8)}`;
