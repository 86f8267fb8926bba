// The SDK's own authorization server. Its demo hands out no refresh tokens, so this adds rotation to the demo: a refresh
// invalidates both old tokens, and a spent refresh token is refused.

import { randomUUID } from "node:crypto";

import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { InvalidGrantError, InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";

import { app, countRefresh, LIFETIME, origin, resource, serve } from "./tool.mjs";

class RotatingProvider extends DemoInMemoryAuthProvider {
    refreshTokens = new Map();

    withRefreshToken(tokens) {
        const refresh_token = randomUUID();
        this.refreshTokens.set(refresh_token, tokens.access_token);
        // A second more than it says: the SDK rounds down.
        this.tokens.get(tokens.access_token).expiresAt = Date.now() + (LIFETIME + 1) * 1000;
        return { ...tokens, refresh_token, expires_in: LIFETIME };
    }

    async exchangeAuthorizationCode(...asked) {
        return this.withRefreshToken(await super.exchangeAuthorizationCode(...asked));
    }

    async exchangeRefreshToken(client, refreshToken) {
        countRefresh();
        const old = this.refreshTokens.get(refreshToken);
        const data = this.tokens.get(old);
        if (data?.clientId !== client.client_id) throw new InvalidGrantError("unknown or spent refresh token");
        this.refreshTokens.delete(refreshToken);
        this.tokens.delete(old);
        const access_token = randomUUID();
        this.tokens.set(access_token, { ...data, token: access_token });
        return this.withRefreshToken({ access_token, token_type: "bearer" });
    }

    // The demo's plain error would be a 500.
    async verifyAccessToken(token) {
        return super.verifyAccessToken(token).catch((error) => {
            throw new InvalidTokenError(error.message);
        });
    }
}

// With `resource` in every request, or no token.
export const provider = new RotatingProvider((asked) => asked?.href === resource.href);
app.use(mcpAuthRouter({ provider, issuerUrl: new URL(origin), resourceServerUrl: resource }));
serve(provider);
