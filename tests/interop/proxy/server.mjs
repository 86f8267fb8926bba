// The SDK's server with rotation, and beside its tool an npm registry that wants the same token. It counts what it
// refuses.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";

import { app, origin } from "./tool.mjs";

const counts = { served: 0, refused: 0 };
app.use((request, response, next) => {
    response.on("finish", () => {
        if (!/^\/(mcp|npm)/.test(request.path)) return;
        counts[response.statusCode === 401 ? "refused" : "served"] += 1;
    });
    next();
});
app.get("/counts", (_request, response) => response.json(counts));

// Only now: what is used first sees each request first.
const { provider } = await import("./sdk.mjs");
const wantsToken = requireBearerAuth({ verifier: provider });

// As most registries do, this one names its own address in what it says of a package.
const name = "glauth-interop";
const tarball = readFileSync(process.env.TARBALL);
const file = `/npm/${name}/-/${name}-1.0.0.tgz`;
const digest = createHash("sha512").update(tarball).digest("base64");
app.get(`/npm/${name}`, wantsToken, (_request, response) => {
    const dist = { tarball: origin + file, integrity: `sha512-${digest}` };
    response.json({ name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": { name, version: "1.0.0", dist } } });
});
app.get(file, wantsToken, (_request, response) => response.send(tarball));
