// Owns how a client shows its secret at a token endpoint: in the form, or as RFC 6749 section 2.3.1 encodes it for Basic.
import type { Asked } from "../common/server.js";

export type Presented = { readonly id: string; readonly secret: string; readonly how: "post" | "basic" | "none" };

const decode = (part: string): string => decodeURIComponent(part.replaceAll("+", " "));

export function presentedClient(asked: Asked): Presented {
  const [scheme = "", credentials = ""] = (asked.headers.authorization ?? "").split(" ");
  if (scheme.toLowerCase() === "basic") {
    const pair = Buffer.from(credentials, "base64").toString();
    const colon = pair.indexOf(":");
    return { id: decode(pair.slice(0, colon)), secret: decode(pair.slice(colon + 1)), how: "basic" };
  }
  const secret = asked.form.get("client_secret");
  return { id: asked.form.get("client_id") ?? "", secret: secret ?? "", how: secret === null ? "none" : "post" };
}
