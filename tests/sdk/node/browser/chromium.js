'use strict';

const { execFileSync } = require('node:child_process');
const { chromium } = require('playwright-core');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

// Chromium as this machine has it: SEGOPS_CHROMIUM, or the first of its names on the path.
function executable() {
  if (process.env.SEGOPS_CHROMIUM) return process.env.SEGOPS_CHROMIUM;
  for (const name of NAMES) {
    try {
      return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // Under another name, then.
    }
  }
  throw new Error(`no Chromium here: install the package \`chromium\`, or set SEGOPS_CHROMIUM (looked for ${NAMES.join(', ')})`);
}

// A browser for which every host under `.test` is this machine, and that knows no other.
function launchChromium() {
  return chromium.launch({
    executablePath: executable(),
    headless: true,
    args: ['--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND', '--no-sandbox', '--disable-dev-shm-usage', '--ignore-certificate-errors'],
  });
}

module.exports = { launchChromium };
