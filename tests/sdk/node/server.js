'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const READY_WITHIN_MS = 30_000;
const POLL_EVERY_MS = 25;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Starts a server on a folder of its own, and gives what a test needs to talk to it.
async function startServer(binary) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'segops-sdk-'));
  const data = path.join(folder, 'data');
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', data], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  let ended = false;
  child.stderr.on('data', (chunk) => { complaints = (complaints + chunk).slice(-10_000); });
  const closed = new Promise((resolve) => child.on('close', (code) => { ended = true; resolve(code); }));
  child.on('error', (error) => { ended = true; complaints += error.message; });

  const stop = async () => {
    if (!ended) {
      child.kill('SIGTERM');
      await closed;
    }
    fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { url, token } = await waitUntilReady(data, () => ended);
    return { url, stop, ...api(url, token) };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${complaints}`);
  }
}

// The server writes its address and a token for the same machine into its folder.
async function waitUntilReady(data, hasEnded) {
  const control = path.join(data, 'control');
  for (let waited = 0; waited < READY_WITHIN_MS; waited += POLL_EVERY_MS) {
    if (hasEnded()) throw new Error('the server ended at once');
    try {
      const { url } = JSON.parse(fs.readFileSync(path.join(control, 'server.json'), 'utf8'));
      const token = fs.readFileSync(path.join(control, 'local.token'), 'utf8').trim();
      if ((await fetch(`${url}/readyz`)).ok) return { url, token };
    } catch {
      // Not there yet.
    }
    await pause(POLL_EVERY_MS);
  }
  throw new Error(`the server was not ready after ${READY_WITHIN_MS} ms`);
}

function api(url, token) {
  const request = async (method, route, body) => {
    const answer = await fetch(`${url}${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${route} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const get = (route) => request('GET', route);
  const post = (route, body) => request('POST', route, body);

  // Everything that was acknowledged has been evaluated.
  const settle = async () => {
    for (let waited = 0; waited < READY_WITHIN_MS; waited += POLL_EVERY_MS) {
      const status = await get('/api/v1/status');
      if (status.applied_position >= status.durable_position) return status;
      await pause(POLL_EVERY_MS);
    }
    throw new Error('the server has not evaluated everything');
  };
  // How many profiles a rule selects now.
  const count = async (rule) => (await post('/api/v1/segments/preview', { rule })).counts.total;
  return { get, post, settle, count };
}

module.exports = { startServer };
