#!/usr/bin/env node
// worker.mjs HOST URL COUNT: requests URL COUNT times, with the login at HOST.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

// The caller reads the exit code.
function giveUp(code) {
  const what = {
    3: 'stopped: a person must log in',
    4: 'not now; the next run tries again',
    6: 'stopped: the token is good, but not allowed to do this',
  };
  console.error(`worker: ${what[code] ?? 'please report this: glauth failed'}`);
  process.exit(Number.isInteger(code) ? code : 1);
}

async function getToken(host, refused) {
  const args = ['--quiet', '--lock-timeout', '60s', 'token', host];
  if (refused) args.push('--rejected'); // the token goes to stdin: every user can see arguments
  // A refresh in progress continues after the timeout, and the next call finds its token.
  const glauth = promisify(execFile)('glauth', args, { timeout: 300_000 });
  glauth.child.stdin.on('error', () => {}).end(refused ?? '');
  try {
    return (await glauth).stdout.trim();
  } catch (error) {
    process.stderr.write(error.stderr || `${error.message}\n`);
    return giveUp(error.code);
  }
}

async function get(url, token) {
  const headers = { Authorization: `Bearer ${token}` };
  // fetch returns a redirect instead of following it, so the token goes to no other server.
  const options = { headers, redirect: 'manual', signal: AbortSignal.timeout(60_000) };
  const unreachable = (error) => {
    console.error(`worker: ${error.cause?.message || error.name}`);
    giveUp(4);
  };
  const answer = await fetch(url, options).catch(unreachable);
  await answer.arrayBuffer().catch(unreachable);
  return answer.status;
}

const [host, url, count, ...more] = process.argv.slice(2);
if (!count || more.length > 0) {
  console.error('usage: worker.mjs HOST URL COUNT');
  process.exit(2);
}
for (let served = 0; served < Number(count); served += 1) {
  let token = await getToken(host);
  let status = await get(url, token);
  for (let refused = 0; status === 401 && refused < 2; refused += 1) { // a third has another cause
    token = await getToken(host, token);
    status = await get(url, token);
  }
  if (status > 299) throw new Error(`the server answered ${status}`); // exit code 1
}
console.log(`${count} served`);
