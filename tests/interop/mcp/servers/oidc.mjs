// oidc-provider with registration and resource indicators: a refresh rotates, and a spent refresh token that comes again
// revokes the whole grant. Its pages answer themselves: Jane signs in and consents.

import { generateKeyPairSync, randomBytes } from "node:crypto";

import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { errors, Provider } from "oidc-provider";

import { app, countRefresh, LIFETIME, origin, resource, serve } from "./tool.mjs";

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const configuration = {
    jwks: { keys: [{ ...key, use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed("refresh_token"),
    async loadExistingGrant({ oidc }) {
        const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
        grant.addOIDCScope("openid offline_access");
        grant.addResourceScope(resource.href, "tools");
        await grant.save();
        return grant;
    },
    features: {
        devInteractions: { enabled: false },
        registration: { enabled: true },
        registrationManagement: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
            enabled: true,
            getResourceServerInfo(_context, indicator) {
                if (indicator !== resource.href) throw new errors.InvalidTarget();
                const accessTokenTTL = LIFETIME;
                return { scope: "tools", audience: indicator, accessTokenFormat: "opaque", accessTokenTTL };
            },
            useGrantedResource: () => false,
        },
    },
    ttl: { RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600, IdToken: 3600 },
};

const provider = new Provider(origin, configuration);
provider.on("server_error", (_context, error) => console.error(error));
for (const event of ["grant.success", "grant.error"]) {
    provider.on(event, ({ oidc }) => oidc.params?.grant_type === "refresh_token" && countRefresh());
}
app.get("/interaction/:uid", (request, response) =>
    provider.interactionFinished(request, response, { login: { accountId: "jane" }, consent: {} }));
const description = {
    resource: resource.href,
    authorization_servers: [origin],
    scopes_supported: ["tools", "offline_access"],
};
app.get("/.well-known/oauth-protected-resource/mcp", (_request, response) => response.json(description));
serve({
    async verifyAccessToken(value) {
        const token = await provider.AccessToken.find(value);
        if (!token || token.aud !== resource.href) throw new InvalidTokenError("unknown or expired token");
        return { token: value, clientId: token.clientId, scopes: [...token.scopes], expiresAt: token.exp };
    },
});
app.use(provider.callback());
