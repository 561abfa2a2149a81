'use strict';

const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');

const ROOT = path.join(__dirname, '../../../..');
const LIBRARY = path.join(path.dirname(require.resolve('@segment/analytics-next/package.json')), 'dist/umd/index.js');

// The snippet that the documentation gives to shops, filled in as they would.
function snippet(writeKey, host) {
  const page = fs.readFileSync(path.join(ROOT, 'docs/collect.md'), 'utf8');
  const found = /```html\n(<script>[\s\S]*?<\/script>)\n```/.exec(page);
  if (!found) throw new Error('docs/collect.md has no snippet');
  const filled = found[1].replace('YOUR_WRITE_KEY', writeKey).replace('https://cdp.example.com', host);
  if (!filled.includes(writeKey) || !filled.includes(host)) throw new Error('the snippet has other placeholders');
  return filled;
}

const document = (head) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,">${head}</head><body><a id="on" href="/empty">on</a></body></html>`;

// The pages of a shop that has SegOps at another origin, over TLS as shops are. `/snippet` loads the SDK from there, `/npm` has
// it in its own code; both take the write key, and the second what it gives to `load`, from the address.
async function startShop(tls) {
  let api = '';
  const pages = {
    '/snippet': (query) => document(
      `<script>window.analytics=[];window.analytics._loadOptions=${query.get('options') ?? '{}'};</script>`
      + snippet(query.get('key'), api),
    ),
    '/npm': (query) => document(`<script src="/library.js"></script><script>
      window.errors = [];
      window.analytics = new AnalyticsNext.AnalyticsBrowser();
      analytics.on('error', (error) => errors.push(String(error.reason?.message ?? error.code)));
      analytics.load(${query.get('settings')}, ${query.get('options')}).catch((error) => errors.push(String(error)));
    </script>`),
    '/beacon': (query) => document(`<script>
      addEventListener('pagehide', () => navigator.sendBeacon(
        '${api}/beacon/v1/batch?writeKey=${query.get('key')}', ${JSON.stringify(query.get('body'))}));
    </script>`),
    '/empty': () => document(''),
  };
  const server = https.createServer(tls, (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'https://shop.test');
    if (pathname === '/library.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript' });
      fs.createReadStream(LIBRARY).pipe(response);
      return;
    }
    const page = pages[pathname];
    response.writeHead(page ? 200 : 404, { 'Content-Type': 'text/html' });
    response.end(page ? page(searchParams) : 'no such page');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://shop.test:${server.address().port}`,
    at: (host) => { api = host; },
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

module.exports = { startShop };
