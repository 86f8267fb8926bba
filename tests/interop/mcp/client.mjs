// An MCP client that leaves every login to glauth: it asks `glauth token` before each request, and runs `glauth login`
// where there is none or where the server wants more scopes. The judge passes its URL.

import { execFileSync } from "node:child_process";

const GLAUTH = process.env.GLAUTH;
const url = process.argv.at(-1);
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
const isMachine = (process.env.MCP_CONFORMANCE_SCENARIO ?? "").includes("client-credentials");

// `script` gives glauth the terminal that a person has; BROWSER opens the page and follows its redirects.
function login(scopes = []) {
    const words = [GLAUTH, "login", isMachine ? "--client-credentials" : "--no-standby"];
    if (context.client_id) words.push("--client-id", context.client_id);
    if (context.client_secret) words.push("--client-secret-file", file("secret", context.client_secret));
    if (context.private_key_pem) words.push("--client-key-file", file("key", context.private_key_pem));
    for (const scope of scopes) words.push("--scope", scope);
    if (isMachine) {
        // No person, and no terminal.
        execFileSync(words[0], [...words.slice(1), url], { stdio: ["ignore", "inherit", "inherit"] });
        return;
    }
    const line = [...words, url].map((word) => `'${word}'`).join(" ");
    execFileSync("script", ["--quiet", "--return", "--flush", "--command", line, "/dev/null"], {
        stdio: ["ignore", "inherit", "inherit"],
    });
}

function file(name, text) {
    const path = `${process.env.HOME}/${name}`;
    execFileSync("sh", ["-c", 'umask 077; printf %s "$1" >"$2"', "-", text, path]);
    return path;
}

function token() {
    return execFileSync(GLAUTH, ["token", url], { encoding: "utf8" }).trim();
}

let number = 0;
async function ask(method, params, bearer) {
    const headers = { Accept: "application/json, text/event-stream", "Content-Type": "application/json" };
    if (bearer) headers.Authorization = `Bearer ${bearer}`;
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++number, method, params });
    const response = await fetch(url, { method: "POST", headers, body });
    await response.text();
    return response;
}

login();
const hello = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "glauth-interop", version: "1" },
};
const requests = [
    ["initialize", hello],
    ["tools/list", {}],
    ["tools/call", { name: "test-tool", arguments: {} }],
];
for (const [method, params] of requests) {
    let response = await ask(method, params, token());
    // More scopes are asked for once.
    if (response.status === 403) {
        const challenge = response.headers.get("WWW-Authenticate") ?? "";
        const scope = /scope="([^"]*)"/.exec(challenge)?.[1] ?? "";
        login(scope.split(" "));
        response = await ask(method, params, token());
    }
    if (!response.ok) {
        console.error(`${method}: ${response.status}`);
        process.exit(1);
    }
}
