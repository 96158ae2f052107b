// What a person does on an emulator's page, without a browser: for tests of servers, which only need the way back.

export type Decision = {
  readonly status: number;
  /** Where the browser is sent; undefined where the provider keeps it on a page of its own. */
  readonly location: URL | undefined;
  readonly page: string;
};

/** `person` is an id of the emulator's people, or "cancel". */
export async function decideAt(authorizeUrl: string, person: string): Promise<Decision> {
  const fields: Record<string, string> = person === "cancel" ? { decision: "cancel" } : { person };
  const response = await fetch(authorizeUrl, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields),
  });
  const location = response.headers.get("location");
  return {
    status: response.status,
    location: location === null ? undefined : new URL(location, authorizeUrl),
    page: await response.text(),
  };
}
