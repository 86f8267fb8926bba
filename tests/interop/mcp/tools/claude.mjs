// Lets `claude -p` call an MCP tool again and again while tokens expire. A stand-in for the model asks for the calls.
//
//   node claude.mjs CLAUDE URL SESSIONS SECONDS LIFETIME

import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

import { run, start } from "./sessions.mjs";

const claude = process.argv[2];
const TOOL = "mcp__example__hello";

// Each session has a model of its own: its first folder in the address.
const sessions = new Map();
let asked = 0;

// Each result stays in the conversation.
function judge(session, messages) {
    const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
    for (const block of blocks) {
        if (block.type !== "tool_result" || session.judged.has(block.tool_use_id)) continue;
        session.judged.add(block.tool_use_id);
        if (block.is_error || !JSON.stringify(block.content).includes("hello")) {
            session.failed += 1;
            console.log(JSON.stringify(block));
        }
    }
}

// The model's answer as a stream of events: a call of the tool, or a word at the end.
function* events(model, callsTool) {
    asked += 1;
    const message = { id: `msg_${asked}`, type: "message", role: "assistant", model, content: [], stop_reason: null };
    yield { type: "message_start", message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } };
    const block = callsTool
        ? { type: "tool_use", id: `toolu_${asked}`, name: TOOL, input: {} }
        : { type: "text", text: "" };
    yield { type: "content_block_start", index: 0, content_block: block };
    const delta = callsTool ? { type: "input_json_delta", partial_json: "{}" } : { type: "text_delta", text: "done" };
    yield { type: "content_block_delta", index: 0, delta };
    yield { type: "content_block_stop", index: 0 };
    const stop_reason = callsTool ? "tool_use" : "end_turn";
    yield { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 1 } };
    yield { type: "message_stop" };
}

const model = createServer(async (request, response) => {
    const [, name, ...path] = new URL(request.url, "http://model").pathname.split("/");
    const session = sessions.get(name);
    if (request.method !== "POST" || !session || path.join("/") !== "v1/messages") {
        response.writeHead(404).end();
        return;
    }
    const question = await json(request);
    const hasTool = question.tools?.some(({ name }) => name === TOOL);
    if (hasTool) {
        judge(session, question.messages);
        await setTimeout(1000);
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const event of events(question.model, hasTool && Date.now() < session.until)) {
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
});
model.listen(0, "127.0.0.1");
await once(model, "listening");

async function session(until) {
    const name = String(sessions.size + 1);
    const state = { until, judged: new Set(), failed: 0 };
    sessions.set(name, state);
    const child = start(claude, ["-p", "call the tool", "--allowedTools", TOOL], {
        stdio: ["ignore", "ignore", "inherit"],
        env: {
            HOME: process.env.HOME,
            PATH: process.env.PATH,
            ANTHROPIC_BASE_URL: `http://127.0.0.1:${model.address().port}/${name}`,
            ANTHROPIC_API_KEY: "none",
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
            DISABLE_AUTOUPDATER: "1",
            ENABLE_TOOL_SEARCH: "false",
            // Otherwise `claude -p` can ask the model before it has its tools, with any way to authenticate.
            MCP_CONNECTION_NONBLOCKING: "0",
        },
    });
    await once(child, "exit");
    return { calls: state.judged.size, failed: state.failed };
}

await run("claude-code", session);
