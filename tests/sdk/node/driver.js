'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

const SDK_FOLDER = path.join(__dirname, '..');
const PYTHON = process.env.SEGOPS_PYTHON ?? 'python3';

// Every client that the tests drive, with the command that runs it.
const CLIENTS = {
  'segment-node': [process.execPath, [path.join(__dirname, 'drive.js'), 'segment']],
  'rudder-node': [process.execPath, [path.join(__dirname, 'drive.js'), 'rudder']],
  'segment-python': [PYTHON, [path.join(SDK_FOLDER, 'python', 'drive.py'), 'segment']],
  'segment-python-gzip': [PYTHON, [path.join(SDK_FOLDER, 'python', 'drive.py'), 'segment-gzip']],
  'rudder-python': [PYTHON, [path.join(SDK_FOLDER, 'python', 'drive.py'), 'rudder']],
};

// Runs one client to its end and returns what it printed.
async function drive(client, url, writeKey, scenario = 'everyday') {
  const [program, programArguments] = CLIENTS[client];
  const child = spawn(program, [...programArguments, scenario], {
    env: { ...process.env, SEGOPS_URL: url, SEGOPS_WRITE_KEY: writeKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  child.stderr.on('data', (chunk) => { complaints += chunk; });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${client} ended with ${code}: ${complaints}`);
  return JSON.parse(output.trim().split('\n').at(-1));
}

module.exports = { CLIENTS, drive };
