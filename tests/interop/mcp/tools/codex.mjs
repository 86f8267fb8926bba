// Calls an MCP tool through `codex app-server`, which needs no model for that, while tokens expire.
//
//   node codex.mjs CODEX URL SESSIONS SECONDS LIFETIME

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

import { run, start } from "./sessions.mjs";

const codex = process.argv[2];

// Sends requests, one JSON object a line, and waits for the answer of each.
function connect(server) {
    const waiting = new Map();
    let number = 0;
    createInterface({ input: server.stdout }).on("line", (line) => {
        const message = JSON.parse(line);
        waiting.get(message.id)?.(message);
    });
    const say = (message) => server.stdin.write(`${JSON.stringify(message)}\n`);
    const ask = (method, params) => {
        const id = ++number;
        say({ id, method, params });
        return new Promise((resolve) => waiting.set(id, resolve));
    };
    return { ask, say };
}

async function session(until) {
    const server = start(codex, ["app-server"], { stdio: ["pipe", "pipe", "inherit"] });
    const { ask, say } = connect(server);
    const hello = await ask("initialize", { clientInfo: { name: "glauth-interop", version: "1" } });
    assert.ok(hello.result, JSON.stringify(hello));
    say({ method: "initialized" });
    const started = await ask("thread/start", { cwd: process.cwd() });
    assert.ok(started.result, JSON.stringify(started));
    const threadId = started.result.thread.id;
    let calls = 0;
    let failed = 0;
    do {
        const answer = await ask("mcpServer/tool/call", { threadId, server: "example", tool: "hello", arguments: {} });
        calls += 1;
        if (answer.result?.content?.[0]?.text !== "hello") {
            failed += 1;
            console.log(JSON.stringify(answer));
        }
        await setTimeout(1000);
    } while (Date.now() < until);
    server.kill();
    return { calls, failed };
}

await run("codex", session);
