'use strict';

const http = require('node:http');
const zlib = require('node:zlib');

// A server on loopback that keeps what SDKs send. `statuses` scripts the answers in order; the last repeats.
// Events of a request answered with an error are not kept: a client has to send them again.
async function startRecorder(statuses = [200]) {
  const events = [];
  const requests = [];
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(raw) : raw;
      const status = statuses[Math.min(requests.length, statuses.length - 1)];
      requests.push({ url: request.url, headers: request.headers, status });
      if (status === 200) events.push(...(JSON.parse(body).batch ?? []));
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(status === 200 ? '{"success":true}' : '{"code":"scripted","message":"scripted answer"}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    events,
    requests,
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

module.exports = { startRecorder };
