// A stand-in for a model, in Anthropic's and in Google's protocol. It asks for the tool once a second, and notes what the
// tool answers.

import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

// A session is the first folder of the address.
const sessions = new Map();
const server = createServer(answer).listen(0, "127.0.0.1");
await once(server, "listening");

/** Of one session of a tool: the address of its model, and what became of each call. */
export function newSession(until) {
    const address = `http://127.0.0.1:${server.address().port}/${sessions.size}`;
    const session = { address, until, asked: 0, results: new Map() };
    sessions.set(String(sessions.size), session);
    return session;
}

export function note(session, id, failed, text) {
    if (!session.results.has(id)) session.results.set(id, { at: Date.now(), failed, text });
}

const anthropic = {
    tools: ({ tools = [] }) => tools.map(({ name }) => name),

    // Each result stays in the conversation.
    judge(session, { messages }) {
        const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
        for (const { type, tool_use_id, is_error, content } of blocks) {
            const text = JSON.stringify(content);
            if (type === "tool_result") note(session, tool_use_id, is_error || !text.includes("hello"), text);
        }
    },

    *events({ model }, number, tool) {
        const type = "message";
        const message = { id: `msg_${number}`, type, role: "assistant", model, content: [], stop_reason: null };
        yield { type: "message_start", message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } };
        const call = { type: "tool_use", id: `toolu_${number}`, name: tool, input: {} };
        yield { type: "content_block_start", index: 0, content_block: tool ? call : { type: "text", text: "" } };
        const words = { type: "text_delta", text: "done" };
        const delta = tool ? { type: "input_json_delta", partial_json: "{}" } : words;
        yield { type: "content_block_delta", index: 0, delta };
        yield { type: "content_block_stop", index: 0 };
        const stop_reason = tool ? "tool_use" : "end_turn";
        yield { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 1 } };
        yield { type: "message_stop" };
    },
};

const google = {
    tools: ({ tools = [] }) => tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map((it) => it.name)),

    judge(session, { contents }) {
        for (const { functionResponse } of contents.at(-1).parts) {
            if (!functionResponse) continue;
            const { error, output } = functionResponse.response;
            note(session, functionResponse.id, !output?.includes("hello"), error ?? output);
        }
    },

    // The same call five times is a loop for gemini-cli, so each has an argument of its own.
    *events(_question, number, tool) {
        const functionCall = { name: tool, args: { number }, id: `call_${number}` };
        const content = { role: "model", parts: [tool ? { functionCall } : { text: "done" }] };
        const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
        yield { candidates: [{ content, finishReason: "STOP", index: 0 }], usageMetadata };
    },
};

async function answer(request, response) {
    const [, name, ...path] = new URL(request.url, "http://model").pathname.split("/");
    const session = sessions.get(name);
    const protocol = { "v1/messages": anthropic }[path.join("/")] ?? (path[0] === "v1beta" ? google : undefined);
    if (request.method !== "POST" || !session || !protocol) {
        response.writeHead(404).end();
        return;
    }
    const question = await json(request);
    const tool = protocol.tools(question).find((it) => it.endsWith("hello"));
    if (tool) {
        protocol.judge(session, question);
        await setTimeout(1000);
    }
    // gemini-cli asks by itself, too, what it wants as one document.
    if (path.at(-1).endsWith(":generateContent")) {
        const content = { role: "model", parts: [{ text: "{}" }] };
        response.end(JSON.stringify({ candidates: [{ content, finishReason: "STOP", index: 0 }] }));
        return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    session.asked += 1;
    // A session that was slow to start makes one call.
    const isOver = session.results.size > 0 && Date.now() >= session.until;
    for (const event of protocol.events(question, session.asked, isOver ? undefined : tool)) {
        if (event.type) response.write(`event: ${event.type}\n`);
        response.write(`data: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
}
