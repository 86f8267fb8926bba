// One server: logs in without an option, lets 8 processes work after each of three expiries, and restarts the server,
// which then knows no client. The server hands out tokens that live for seconds. The first failure ends the run.
//
//   node judge.mjs NAME COMMAND...

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const WORKERS = 8;
const EXPIRIES = 3;
// In seconds. Within nine tenths of it, all workers must have their token.
const LIFETIME = 8;
const STARTS_WITHIN_MS = 60_000;
const { GLAUTH, HOME } = process.env;
const [name, ...command] = process.argv.slice(2);

// The demo of the SDK hands out no refresh tokens, has no way to count, and its tokens live for an hour: that is a number
// in its code, so the judge changes the record instead.
const isDemo = name === "simpleStreamableHttp";
const tool = isDemo ? "greet" : "hello";

async function freePort() {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address();
    listener.close();
    await once(listener, "close");
    return port;
}

const port = await freePort();
const environment = { ...process.env, LIFETIME, PORT: port, MCP_PORT: port, MCP_AUTH_PORT: await freePort() };
const origin = `http://${isDemo ? "localhost" : "127.0.0.1"}:${port}`;
const url = `${origin}/mcp`;

let server;
process.on("exit", () => server?.kill("SIGKILL"));
process.on("SIGTERM", () => process.exit(1));

// A server is there once it wants a token.
async function start() {
    server = spawn(command[0], command.slice(1), { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const said = [text(server.stdout), text(server.stderr)];
    server.on("exit", async (code) => code !== null && console.error(`server: ${code}`, ...(await Promise.all(said))));
    const limit = Date.now() + STARTS_WITHIN_MS;
    for (;;) {
        const response = await fetch(url, { method: "POST" }).catch(() => undefined);
        await response?.text();
        if (response?.status === 401) return;
        assert.ok(Date.now() < limit && server.exitCode === null, `${name} did not start`);
        await setTimeout(50);
    }
}

async function restart() {
    server.kill("SIGKILL");
    await once(server, "exit");
    await start();
}

async function run(program, words, input = "") {
    const child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {}); // glauth may end without reading it
    child.stdin.end(input);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { code, stdout: stdout.trim(), stderr };
}

// `script` gives glauth the terminal that a person has; BROWSER opens the page and follows its redirects.
async function login() {
    const words = ["--quiet", "--return", "--flush", "--command", `'${GLAUTH}' login '${url}'`, "/dev/null"];
    const done = await run("script", words);
    assert.equal(done.code, 0, done.stdout + done.stderr);
}

async function token() {
    const done = await run(GLAUTH, ["token", url]);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
}

// One process of a worker: a token, and a tool called with it by the SDK's own client.
async function work() {
    const bearer = await token();
    const client = new Client({ name: "interop", version: "1" });
    const headers = { Authorization: `Bearer ${bearer}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    const result = await client.callTool({ name: tool, arguments: isDemo ? { name: "Jane" } : {} });
    assert.match(result.content[0].text, /hello/i);
    await client.close();
    return bearer;
}

// All workers got the same token.
async function allWork() {
    const bearers = await Promise.all(Array.from({ length: WORKERS }, work));
    assert.equal(new Set(bearers).size, 1, "the workers have several tokens");
    return bearers[0];
}

function record() {
    const store = join(HOME, ".local/share/glauth/credentials");
    return join(store, readdirSync(store, { recursive: true }).find((file) => file.endsWith("default.toml")));
}

const EXPIRES_AT = /^expires_at = (.*)$/gm;

// The token expires. Nothing asks the server meanwhile: fastmcp's provider ends the whole grant if it sees an expired
// access token.
async function expire() {
    const before = readFileSync(record(), "utf8");
    if (isDemo) {
        writeFileSync(record(), before.replaceAll(EXPIRES_AT, "expires_at = 2026-01-01T00:00:00Z"));
        assert.notEqual(readFileSync(record(), "utf8"), before);
        return;
    }
    const [[, expiresAt]] = before.matchAll(EXPIRES_AT);
    const left = Date.parse(expiresAt) - Date.now();
    assert.ok(left <= LIFETIME * 1000, `the token lives for ${left} ms`);
    await setTimeout(left);
}

// Once there is another token, or none, it is safe to show the server the old one.
async function assertRefused(bearer) {
    const response = await fetch(url, { method: "POST", headers: { Authorization: `Bearer ${bearer}` } });
    await response.text();
    assert.equal(response.status, 401, "the old token");
}

const refreshes = async () => (await fetch(`${origin}/refreshes`)).json();

async function needsLogin(words, input) {
    const done = await run(GLAUTH, ["--json", "token", ...words, url], input);
    assert.equal(done.code, 3, done.stderr);
    assert.match(done.stderr, /needs_login|login_required/);
}

await start();
await login();

let bearer = await allWork();
if (isDemo) {
    await expire();
    await needsLogin([]);
    await login();
    bearer = await allWork();
} else {
    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
        await expire();
        const before = bearer;
        bearer = await allWork();
        assert.notEqual(bearer, before);
        await assertRefused(before);
        assert.equal(await refreshes(), expiry, "refreshes so far");
    }
}

await restart();
await needsLogin(["--rejected"], bearer);
await login();
await allWork();
if (!isDemo) {
    const refused = await refreshes();
    await expire();
    await allWork();
    assert.equal((await refreshes()) - refused, 1, "refreshes after the second login");
}
console.log(isDemo ? "no refresh tokens" : `${WORKERS} processes, ${EXPIRIES + 1} expiries, a refresh each`);
process.exit(0);
