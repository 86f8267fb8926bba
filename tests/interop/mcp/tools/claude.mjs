// Lets `claude -p` call an MCP tool again and again while tokens expire.
//
//   node claude.mjs CLAUDE URL SESSIONS SECONDS LIFETIME

import { once } from "node:events";

import { newSession } from "./model.mjs";
import { run, start } from "./sessions.mjs";

const claude = process.argv[2];

async function session(until) {
    const { address, results } = newSession(until);
    const child = start(claude, ["-p", "call the tool", "--allowedTools", "mcp__example__hello"], {
        stdio: ["ignore", "ignore", "inherit"],
        env: {
            HOME: process.env.HOME,
            PATH: process.env.PATH,
            ANTHROPIC_BASE_URL: address,
            ANTHROPIC_API_KEY: "none",
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
            DISABLE_AUTOUPDATER: "1",
            ENABLE_TOOL_SEARCH: "false",
            // Otherwise `claude -p` can ask the model before it has its tools, with any way to authenticate.
            MCP_CONNECTION_NONBLOCKING: "0",
        },
    });
    await once(child, "exit");
    const failures = [...results.values()].filter(({ failed }) => failed);
    failures.forEach(({ text }) => console.log(text));
    return { calls: results.size, failed: failures.length };
}

await run("claude-code", session);
