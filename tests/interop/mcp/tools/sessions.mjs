// Several sessions of one tool at once, again and again, and what they must show.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

const [url, sessionsAtOnce, seconds, lifetime] = process.argv.slice(3);
// Long enough for two expiries. A session starts at any time between two.
const SESSION_MS = 25_000;

const childProcesses = new Set();
process.on("exit", () => childProcesses.forEach((child) => child.kill()));

/** Starts a program that ends with this one. */
export function start(program, words, options) {
    const child = spawn(program, words, options);
    childProcesses.add(child);
    child.on("exit", () => childProcesses.delete(child));
    return child;
}

/** Runs sessions and ends the process. `session(until)` makes calls until then; it gives how many, and how many failed. */
export async function run(tool, session) {
    const begin = Date.now();
    const end = begin + seconds * 1000;
    const totals = { sessions: 0, calls: 0, failed: 0, empty: 0 };
    async function oneAfterAnother(_, index) {
        await setTimeout(index * 1000);
        while (Date.now() + SESSION_MS / 2 < end) {
            const { calls, failed } = await session(Math.min(Date.now() + SESSION_MS, end));
            totals.sessions += 1;
            totals.calls += calls;
            totals.failed += failed;
            totals.empty += calls === 0;
        }
    }
    await Promise.all(Array.from({ length: Number(sessionsAtOnce) }, oneAfterAnother));
    // A refresh when a tenth of the lifetime is left, at the earliest.
    const most = Math.floor((Date.now() - begin) / (900 * lifetime)) + 1;
    const refreshes = await (await fetch(new URL("/refreshes", url))).json();
    const [alive] = await once(start("glauth", ["token", url], { stdio: ["ignore", "ignore", "inherit"] }), "exit");
    const { sessions, calls, failed, empty } = totals;
    console.log(
        `${tool}: ${sessions} sessions, ${sessionsAtOnce} at once: ${calls} calls, ${failed} failed; ${empty} sessions ` +
            `without the tool; ${refreshes} refreshes (${most} at most); the login ${alive === 0 ? "works" : "is dead"}`,
    );
    process.exit(failed + empty + alive > 0 || refreshes < 3 || refreshes > most ? 1 : 0);
}
