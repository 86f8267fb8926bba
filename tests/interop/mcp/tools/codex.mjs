// Calls an MCP tool through `codex app-server`, which needs no model for that, while tokens expire.
//
//   node codex.mjs CODEX URL SECONDS

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

const [codex, url, seconds] = process.argv.slice(2);
const server = spawn(codex, ["app-server"], { stdio: ["pipe", "pipe", "inherit"] });
process.on("exit", () => server.kill());

const waiting = new Map();
createInterface({ input: server.stdout }).on("line", (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
});

let number = 0;
async function ask(method, params) {
    const id = ++number;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    server.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    return answer;
}

const hello = await ask("initialize", { clientInfo: { name: "glauth-interop", version: "1" } });
assert.ok(hello.result, JSON.stringify(hello));
server.stdin.write(`${JSON.stringify({ method: "initialized" })}\n`);
const started = await ask("thread/start", { cwd: process.cwd() });
assert.ok(started.result, JSON.stringify(started));
const threadId = started.result.thread.id;

let calls = 0;
let failed = 0;
for (const end = Date.now() + seconds * 1000; Date.now() < end; await setTimeout(1000)) {
    const answer = await ask("mcpServer/tool/call", { threadId, server: "example", tool: "hello", arguments: {} });
    calls += 1;
    if (answer.result?.content?.[0]?.text !== "hello") {
        failed += 1;
        console.log(JSON.stringify(answer));
    }
}
const refreshes = await (await fetch(new URL("/refreshes", url))).json();
console.log(`codex: ${calls} calls, ${failed} failed, ${refreshes} refreshes`);
process.exit(failed > 0 || refreshes < 3 ? 1 : 0);
