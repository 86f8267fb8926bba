// Starts a local MCP server as VS Code does, and calls its tool until the real server has rotated three times.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [origin, settings] = process.argv.slice(2);
const { command, args } = JSON.parse(readFileSync(settings, "utf8")).servers.example;
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

let id = 0;
async function ask(method, params) {
    id += 1;
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error("the local server has ended");
        const answer = JSON.parse(value);
        if (answer.id !== id) continue;
        if (answer.error || answer.result.isError) throw new Error(value);
        return answer.result;
    }
}

const refreshes = async () => (await fetch(`${origin}/refreshes`)).json();

const clientInfo = { name: "interop", version: "1" };
await ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
const first = await refreshes();
let calls = 0;
while ((await refreshes()) < first + 3) {
    await ask("tools/call", { name: "hello", arguments: {} });
    calls += 1;
}
console.log(`${calls} calls`);
child.stdin.end();
child.kill();
