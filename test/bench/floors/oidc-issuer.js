// A bare OIDC issuer whose person always agrees. The ID token is signed when the code is given out, so that its exchange
// is as little work as an issuer can make of it. Prints its URL.
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { randomBytes } from "node:crypto";

const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
const tokens = new Map();

async function authorize(query) {
  const code = randomBytes(16).toString("hex");
  const id_token = await new SignJWT({ nonce: query.get("nonce") ?? undefined, name: "Noor Example" })
    .setProtectedHeader({ alg: "RS256", kid: "one" })
    .setIssuer(issuer)
    .setSubject("noor-7")
    .setAudience(query.get("client_id") ?? "")
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(privateKey);
  tokens.set(code, JSON.stringify({ access_token: code, token_type: "Bearer", expires_in: 3600, id_token }));
  const target = new URL(query.get("redirect_uri") ?? "");
  for (const [name, value] of Object.entries({ code, state: query.get("state") ?? "", iss: issuer })) {
    target.searchParams.set(name, value);
  }
  return target.href;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", issuer);
  const json = (text) => response.writeHead(200, { "content-type": "application/json" }).end(text);
  if (url.pathname === "/authorize") {
    void authorize(url.searchParams).then((location) => response.writeHead(302, { location }).end());
  } else if (url.pathname === "/token") {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => json(tokens.get(new URLSearchParams(body).get("code") ?? "") ?? "{}"));
  } else if (url.pathname === "/keys") json(JSON.stringify({ keys: [jwk] }));
  else if (url.pathname === "/.well-known/openid-configuration") json(JSON.stringify(discovery));
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const discovery = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  token_endpoint_auth_methods_supported: ["client_secret_basic"],
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true,
};
console.log(issuer);
process.once("SIGTERM", () => process.exit(0));
