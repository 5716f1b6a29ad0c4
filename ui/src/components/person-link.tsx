import { Link } from "@tanstack/react-router";
import { personName } from "./person-name";

/** A person, as they are called everywhere; `name` is what the API calls them. */
export function PersonLink({ id, name }: { id: string; name?: string | null }) {
  return <Link to="/people/$id" params={{ id }}><bdi>{personName({ profile_id: id, name })}</bdi></Link>;
}
