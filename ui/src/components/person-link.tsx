import { Link } from "@tanstack/react-router";

/** A person by name, e-mail or id: what is known. */
export function PersonLink({ id, name }: { id: string; name?: string | null }) {
  return <Link to="/people/$id" params={{ id }}><bdi>{name ?? `Person ${id.slice(0, 8)}`}</bdi></Link>;
}
