// What the servers on Node.js have in common: a stateless MCP endpoint with one tool, behind the SDK's own check of
// tokens, and a count of refreshes for the judge.

import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { getOAuthProtectedResourceMetadataUrl } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

export const origin = `http://127.0.0.1:${process.env.PORT}`;
export const resource = new URL("/mcp", origin);
export const app = createMcpExpressApp();
// Of an access token, in seconds.
export const LIFETIME = Number(process.env.LIFETIME ?? 3600);

let refreshes = 0;
export function countRefresh() {
    refreshes += 1;
}
app.get("/refreshes", (_request, response) => response.json(refreshes));

// Serves the tool to requests whose token the verifier knows, and listens.
export function serve(verifier) {
    const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resource);
    app.post("/mcp", requireBearerAuth({ verifier, resourceMetadataUrl }), async (request, response) => {
        const server = new McpServer({ name: "interop", version: "1" });
        server.registerTool("hello", {}, () => ({ content: [{ type: "text", text: "hello" }] }));
        const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
        response.on("close", () => server.close());
        await server.connect(transport);
        await transport.handleRequest(request, response, request.body);
    });
    app.listen(process.env.PORT, "127.0.0.1");
}
