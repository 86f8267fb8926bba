// One session of a tool that reads its token or its address once, when it starts. Calls must fail after the token has
// expired, or, through the proxy, none may.
//
//   node one.mjs TOOL exec|proxy SECONDS COMMAND...

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

import { newSession, note } from "./model.mjs";

const CALL_MS = 5000;
const [tool, way, seconds, command, ...words] = process.argv.slice(2);
const begin = Date.now();
const session = newSession(begin + seconds * 1000);
const env = {
    ...process.env,
    MODEL: session.address,
    GOOGLE_GEMINI_BASE_URL: session.address,
    GEMINI_API_KEY: "none",
};
const isLocalServer = tool === "mcp-remote";
const stdio = isLocalServer ? ["pipe", "pipe", "pipe"] : ["ignore", "pipe", "pipe"];
const child = spawn(command, words, { env, stdio });
process.on("exit", () => child.kill());
let said = "";
child.stderr.on("data", (data) => (said += data));

// What VS Code does with a local server.
async function callLocalServer() {
    const waiting = new Map();
    createInterface({ input: child.stdout }).on("line", (line) => {
        const message = JSON.parse(line);
        waiting.get(message.id)?.(message);
    });
    const say = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    let id = 0;
    const ask = (method, params) => {
        id += 1;
        const answer = new Promise((resolve) => waiting.set(id, resolve));
        say({ id, method, params });
        return answer;
    };
    const clientInfo = { name: "interop", version: "1" };
    await ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
    say({ method: "notifications/initialized" });
    for (; Date.now() < session.until; await setTimeout(1000)) {
        const answer = ask("tools/call", { name: "hello", arguments: {} });
        const message = await Promise.race([answer, setTimeout(CALL_MS, "no answer")]);
        note(session, id, message.result?.content?.[0]?.text !== "hello", JSON.stringify(message));
    }
    child.kill();
}

if (isLocalServer) {
    await callLocalServer();
} else {
    child.stdout.on("data", (data) => (said += data));
}
if (child.exitCode === null && child.signalCode === null) await once(child, "exit");

const results = [...session.results.values()];
const failures = results.filter(({ failed }) => failed);
console.log(`${tool}, ${way}: ${results.length} calls, ${failures.length} failed`);
if (failures.length > 0) {
    const [{ at, text }] = failures;
    const later = results.filter((it) => it.at > at && !it.failed).length;
    console.log(`  the first after ${Math.round((at - begin) / 1000)} s, and ${later} that worked later: ${text}`);
}
if (results.length === 0) console.log(said.slice(-2000));
const shown = said.split("\n").filter((line) => /error|fail|authoriz|visit|browser/i.test(line));
[...new Set(shown)].slice(0, 6).forEach((line) => console.log(`  it says: ${line.slice(0, 160)}`));
const isAsExpected = way === "exec" ? results[0]?.failed === false && failures.length > 0 : failures.length === 0;
process.exit(results.length > 0 && isAsExpected ? 0 : 1);
