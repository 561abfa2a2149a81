'use strict';

const http = require('node:http');
const https = require('node:https');

// A reverse proxy before the server, as shops have one, that can be told to fail. `script` says what becomes of the
// next POST requests, in order; those after it pass:
//
//   { status, retryAfter }   answered by the gate, with the headers that the server gives its own refusals
//   'lose'                   the server gets it, and its answer is lost on the way
//   'hold'                   the server does not get it, and the client no answer
//
// `tls` has `key` and `cert`. `requests` lists what came, with the status that the client saw, or null where it saw none.
async function startGate(target, tls) {
  const requests = [];
  const script = [];
  const gate = { requests, script };

  const serve = (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const seen = { method: request.method, path: request.url, headers: request.headers, body, status: null, at: Date.now() };
      requests.push(seen);
      const step = (request.method === 'POST' && script.shift()) || 'pass';
      if (step === 'hold') return;
      if (step.status) {
        seen.status = step.status;
        response.writeHead(step.status, refusalHeaders(request, step));
        response.end('{"code":"busy","message":"scripted"}');
        return;
      }
      forward(request, body).then((answer) => {
        seen.forwarded = answer.status;
        if (step === 'lose') {
          response.socket.destroy();
          return;
        }
        seen.status = answer.status;
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      }).catch(() => response.socket?.destroy());
    });
  };

  const forward = (request, body) => new Promise((resolve, reject) => {
    const headers = { ...request.headers, 'x-forwarded-proto': tls ? 'https' : 'http' };
    const passed = http.request(`${target}${request.url}`, { method: request.method, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    passed.on('error', reject);
    passed.end(body);
  });

  const server = tls ? https.createServer(tls, serve) : http.createServer(serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  gate.port = server.address().port;
  gate.url = `${tls ? 'https' : 'http'}://127.0.0.1:${gate.port}`;
  gate.stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return gate;
}

function refusalHeaders(request, { retryAfter }) {
  const headers = { 'Content-Type': 'application/json', Vary: 'origin' };
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter);
  if (request.headers.origin) {
    headers['Access-Control-Allow-Origin'] = request.headers.origin;
    headers['Access-Control-Allow-Credentials'] = 'true';
    headers['Access-Control-Expose-Headers'] = 'retry-after';
  }
  return headers;
}

module.exports = { startGate };
