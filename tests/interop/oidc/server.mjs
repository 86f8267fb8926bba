// An OpenID Connect server that treats tokens as most of them do: oidc-provider, certified and
// widely used. A refresh rotates; a spent refresh token that comes again ends the whole grant.
//
// Everything is in memory and on loopback. Its pages for people are oidc-provider's own ones for
// development: any name signs in, with any password.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

// Native: any port of the redirect's address will do (RFC 8252 §7.3).
const client = (client_id, token_endpoint_auth_method, client_secret) => ({
  client_id,
  client_secret,
  token_endpoint_auth_method,
  application_type: "native",
  redirect_uris: ["http://127.0.0.1/"],
  response_types: ["code"],
  grant_types: ["authorization_code", "refresh_token", DEVICE_GRANT],
});

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const configuration = {
  clients: [
    client("glauth-public", "none"),
    client("glauth-basic", "client_secret_basic", process.env.CLIENT_SECRET),
    client("glauth-post", "client_secret_post", process.env.CLIENT_SECRET),
  ],
  jwks: { keys: [{ ...key, use: "sig", alg: "RS256" }] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  claims: { openid: ["sub", "preferred_username"] },
  findAccount: (_context, name) => ({
    accountId: name,
    claims: () => ({ sub: `subject-${name}`, preferred_username: name }),
  }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    revocation: { enabled: true },
    userinfo: { enabled: true },
  },
  ttl: { AccessToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 86400, DeviceCode: 120 },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.on("server_error", (_context, error) => console.error(error));
  server.on("request", provider.callback());
  console.log(`listening on ${issuer}`);
});
