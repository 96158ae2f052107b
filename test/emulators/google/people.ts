// Who has an account at the emulated Google.

export type GooglePerson = {
  /** Never changes and is never given to somebody else; at most 255 ASCII characters. */
  readonly sub: string;
  /** May change, and may belong to somebody else tomorrow. */
  email: string;
  email_verified: boolean;
  name: string;
  /** The Workspace domain; consumer accounts have none. */
  hd?: string;
};

export const ada = (): GooglePerson => ({
  sub: "110169484474386276334",
  email: "ada@example.com",
  email_verified: true,
  name: "Ada Example",
  hd: "example.com",
});

export const grace = (): GooglePerson => ({
  sub: "115592030188223140007",
  email: "grace@other.example",
  email_verified: true,
  name: "Grace Other",
  hd: "other.example",
});

/** A consumer: no domain, and an address at the Workspace's domain that nobody confirmed. */
export const pat = (): GooglePerson => ({
  sub: "103399876501928374650",
  email: "pat@example.com",
  email_verified: false,
  name: "Pat Consumer",
});
