'use strict';

// Server-side SDKs on a network that fails: behind a gate that refuses, asks to come back, or loses an answer, every call is
// counted once and no SDK reports an error. And batches as large as each SDK makes them. SEGOPS_BINARY names the server.

const assert = require('node:assert/strict');
const { after, before, beforeEach, test } = require('node:test');
const zlib = require('node:zlib');

const { CLIENTS, drive } = require('./driver');
const { startGate } = require('./gate');
const { calls, counts } = require('./scenario');
const { startServer } = require('./server');

// Which SDKs compress what they send, and which put the write key nowhere but into the header.
const COMPRESSED = ['rudder-node', 'rudder-python', 'segment-python-gzip'];
const KEY_IN_HEADER_ONLY = ['rudder-node', 'rudder-python'];
// What the largest batch of each has at least, uncompressed.
const LARGE_BYTES = { 'segment-node': 400_000, 'rudder-node': 400_000, 'rudder-python': 2_000_000 };

let server; let gate;

before(async () => {
  if (!process.env.SEGOPS_BINARY) throw new Error('set SEGOPS_BINARY to the server to test');
  server = await startServer(process.env.SEGOPS_BINARY);
  gate = await startGate(server.url);
});

after(async () => {
  await gate?.stop();
  await server?.stop();
});

beforeEach(() => {
  gate.requests.length = 0;
  gate.script.length = 0;
});

const plain = (request) => (request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(request.body) : request.body);

// Drives a client through the gate, and holds what the server has counted to what was sent.
async function check(client, name, scenario) {
  const source = await server.post('/api/v1/sources', { name });
  const first = await server.settle();
  const result = await drive(client, gate.url, source.write_key, scenario);
  const expected = counts(calls(client, scenario));
  assert.deepEqual(result, { client, sent: expected, delivered: expected.total, errors: 0, messages: [] });
  const status = await server.settle();
  assert.equal(status.events - first.events, expected.total);
  assert.equal(status.rejections, first.rejections);
  const { data: sources } = await server.get('/api/v1/sources');
  assert.equal(sources.find((one) => one.id === source.id).events, expected.total);
  // What the server answered is exactly 200, each time.
  assert.ok(gate.requests.every((request) => [undefined, 200].includes(request.forwarded)));
  return { source, duplicates: status.duplicates - first.duplicates };
}

for (const client of Object.keys(CLIENTS)) {
  const failures = {
    'a busy server': [{ status: 503 }, { status: 503 }],
    'a server that says when to come back': [{ status: 503, retryAfter: 1 }, { status: 429, retryAfter: 1 }],
  };
  for (const [failure, steps] of Object.entries(failures)) {
    test(`${client}: after ${failure} everything is counted once`, async () => {
      gate.script.push(...steps);
      const { duplicates } = await check(client, `${client} ${failure}`);
      assert.equal(duplicates, 0);
      assert.deepEqual(gate.requests.map((request) => request.status).sort().slice(-2), steps.map((step) => step.status).sort());
    });
  }

  test(`${client}: after a lost answer everything is counted once`, async () => {
    gate.script.push('lose');
    const { duplicates } = await check(client, `${client} lost`);
    assert.ok(duplicates > 0, 'the batch was sent again');
  });

  test(`${client}: batches as large as it makes them are counted exactly`, async () => {
    const { source } = await check(client, `${client} large`, 'large');
    const bodies = gate.requests.map(plain);
    assert.ok(Math.max(...bodies.map((body) => body.length)) > (LARGE_BYTES[client] ?? 300_000));
    for (const request of gate.requests) {
      assert.equal(request.headers['content-encoding'] === 'gzip', COMPRESSED.includes(client));
      assert.equal(request.headers.authorization, `Basic ${Buffer.from(`${source.write_key}:`).toString('base64')}`);
    }
    const inBody = bodies.every((body) => body.includes(source.write_key));
    assert.equal(inBody, !KEY_IN_HEADER_ONLY.includes(client));
  });
}
