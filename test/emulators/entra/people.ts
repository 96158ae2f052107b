// Tenants of the emulated Entra and who is in them.

export type EntraPerson = {
  /** The object id in `tenant`; a guest has another one in each tenant. */
  readonly oid: string;
  /** The tenant's GUID. */
  readonly tenant: string;
  name: string;
  /** May change, and anybody can set some of these to anything. */
  preferred_username: string;
  email?: string;
};

export type EntraTenant = {
  readonly id: string;
  /** A verified domain name, by which the authority can be asked, too. */
  readonly domain: string;
};

/** Of everybody's personal Microsoft account. */
export const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";

export const home: EntraTenant = { id: "3f6a1c52-8d7e-4b0a-9c1d-2e5f60718293", domain: "contoso.example" };
export const foreign: EntraTenant = { id: "b7d9e0f1-2a3b-4c5d-8e6f-708192a3b4c5", domain: "fabrikam.example" };

export const adele = (): EntraPerson => ({
  oid: "5d1c0a9e-77b4-4e2a-8f36-0b1c2d3e4f50",
  tenant: home.id,
  name: "Adele Vance",
  preferred_username: "AdeleV@contoso.example",
  email: "adele@contoso.example",
});

/** Of another tenant, with the e-mail address of somebody in ours ("nOAuth"). */
export const mallory = (): EntraPerson => ({
  oid: "a0b1c2d3-e4f5-4607-9819-2a3b4c5d6e7f",
  tenant: foreign.id,
  name: "Mallory",
  preferred_username: "mallory@fabrikam.example",
  email: "adele@contoso.example",
});

export const personal = (): EntraPerson => ({
  oid: "00000000-0000-0000-66f3-3332eca7ea81",
  tenant: personalTenant,
  name: "Somebody at Home",
  preferred_username: "somebody@outlook.example",
});
