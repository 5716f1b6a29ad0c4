import type { Schemas } from "./types";

export type Told = Pick<Schemas["Told"], "code" | "what"> & Partial<Schemas["Told"]>;

/** An answer of the server that is not a success, or no answer at all. */
export class ApiError extends Error {
  /** `problems` has everything that is wrong with what was sent, where the server says it part by part. */
  constructor(readonly status: number, readonly told: Told, readonly problems: readonly Schemas["ConditionProblem"][] = []) {
    super(told.what);
    this.name = "ApiError";
  }
}

export type Asked = Record<string, string | number | boolean | null | undefined | readonly string[]>;

export function address(path: string, asked: Asked = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text ? `/api/${path}?${text}` : `/api/${path}`;
}

const UNREACHABLE: Told = {
  code: "UNREACHABLE",
  what: "The server does not answer.",
  next_step: "Look whether Foretell still runs, then try again. Nothing was lost.",
};

async function call<T>(path: string, options: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, UNREACHABLE);
  }
  if (answer.status === 204) return undefined as T;
  if (answer.ok) return (await answer.json()) as T;
  if (answer.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const body: unknown = await answer.json().catch(() => null);
  throw new ApiError(answer.status, told(body) ?? { code: `HTTP_${answer.status}`, what: "The server could not answer." }, problemsIn(body));
}

function problemsIn(body: unknown): readonly Schemas["ConditionProblem"][] {
  if (typeof body !== "object" || body === null || !("problems" in body)) return [];
  return Array.isArray(body.problems) ? (body.problems as Schemas["ConditionProblem"][]) : [];
}

function told(body: unknown): Told | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && "what" in error ? (error as Told) : null;
}

export const get = <T>(path: string, asked?: Asked, signal?: AbortSignal): Promise<T> =>
  call<T>(address(path, asked), signal ? { signal } : {});

export const post = <T>(path: string, body?: object, signal?: AbortSignal): Promise<T> =>
  call<T>(address(path), {
    ...(signal ? { signal } : {}),
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });

export const put = <T>(path: string, body: object, asked?: Asked): Promise<T> =>
  call<T>(address(path, asked), { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const remove = <T>(path: string, asked?: Asked): Promise<T> => call<T>(address(path, asked), { method: "DELETE" });
