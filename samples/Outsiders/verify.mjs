#!/usr/bin/env node
// Verifies an export of JustRunIt, with nothing but Node's own libraries and docs/audit-format.md.
//
//   node verify.mjs EXPORT [--key PUBLIC-KEY.pem]
//
// Exit code 0: all that the file claims is so; 1: something is not, with its line; 2: bad arguments.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const FORMAT = 'justrunit-export/1';
const EVENT = 'justrunit-event/1';
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

class Wrong extends Error {}

function fail(message) {
  throw new Wrong(message);
}

function bytes(base64, what) {
  if (typeof base64 !== 'string') fail(`${what} is no text`);
  const read = Buffer.from(base64, 'base64');
  if (read.toString('base64') !== base64) fail(`${what} is not base64`);
  return read;
}

function hash(base64, what) {
  const read = bytes(base64, what);
  if (read.length !== 32) fail(`${what} has ${read.length} bytes, and not 32`);
  return read;
}

// C2SP signed-note and tlog-checkpoint.
function readCheckpoint(note, key) {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) fail('the checkpoint is no signed note');
  const text = note.slice(0, split + 1);
  const [origin, size, root] = text.split('\n');
  if (!/^(0|[1-9][0-9]*)$/.test(size ?? '')) fail(`the checkpoint's size is '${size}'`);
  if (key) {
    const der = key.export({ type: 'spki', format: 'der' });
    const id = sha256(der).subarray(0, 4);
    const signed = note.slice(split + 2).trimEnd().split('\n').some(line => {
      const [mark, , base64] = line.split(' ');
      const signature = Buffer.from(base64 ?? '', 'base64');
      return mark === '—' && signature.subarray(0, 4).equals(id)
        && verify('sha256', Buffer.from(text), { key, dsaEncoding: 'der' }, signature.subarray(4));
    });
    if (!signed) fail('the checkpoint is not signed with this key');
  }
  return { origin, size: Number(size), root: hash(root, "the checkpoint's root") };
}

// RFC 9162, 2.1.3.2.
function isIncluded(leafHash, leaf, size, proof, root) {
  let [fn, sn, node] = [BigInt(leaf), BigInt(size) - 1n, leafHash];
  if (fn < 0n || fn > sn) return false;
  for (const step of proof) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      node = sha256(Buffer.from([1]), step, node);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      node = sha256(Buffer.from([1]), node, step);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && node.equals(root);
}

function verifyEvent(line, heads, checkpoint, types) {
  const canonical = bytes(line.canonical, 'canonical');
  const event = JSON.parse(canonical.toString('utf8'));
  if (event.format !== EVENT) fail(`its format is '${event.format}'; this program knows ${EVENT}`);
  const head = heads.get(event.stream) ?? fail(`it is of ${event.stream}, which is not one of the export's streams`);
  if (event.version !== head.version + 1) fail(`${event.stream}: version ${event.version} follows ${head.version}`);
  const own = hash(line.hash, 'hash');
  if (!sha256(head.hash, canonical).equals(own)) fail(`${event.stream} ${event.version}: its hash is another`);
  if (!types.has(event.type)) head.untold.add(event.type);
  heads.set(event.stream, { ...head, version: event.version, hash: own });
  if (line.leaf === null) return false;
  const proof = (line.proof ?? []).map(step => hash(step, 'a step of its proof'));
  if (!checkpoint) fail(`${event.stream} ${event.version}: it has a place in a tree without a checkpoint`);
  if (!isIncluded(sha256(Buffer.from([0]), own), line.leaf, checkpoint.size, proof, checkpoint.root))
    fail(`${event.stream} ${event.version}: it is not in the tree of the checkpoint`);
  return true;
}

async function verifyExport(file, key) {
  const heads = new Map();
  const types = new Set();
  let [number, events, covered, checkpoint, begun, ended] = [0, 0, 0, null, false, false];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    try {
      const line = JSON.parse(text);
      if (ended) fail('it stands behind the end');
      if (line.kind === 'export' && !begun) {
        if (line.format !== FORMAT) fail(`its format is '${line.format}'; this program knows ${FORMAT}`);
        for (const stream of line.streams) heads.set(stream, { version: 0, hash: Buffer.alloc(32), untold: new Set() });
        if (line.checkpoint) checkpoint = readCheckpoint(line.checkpoint, key);
        begun = true;
      } else if (!begun) fail("the first line is no 'export'");
      else if (line.kind === 'schema') types.add(line.type);
      else if (line.kind === 'event') {
        events++;
        covered += verifyEvent(line, heads, checkpoint, types) ? 1 : 0;
      } else if (line.kind === 'end') {
        if (line.events !== events) fail(`${line.events} events are said to be there; there are ${events}`);
        ended = true;
      } else fail(`its kind is '${line.kind}'; allowed is schema, event or end`);
    } catch (error) {
      if (error instanceof Wrong || error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)
        throw new Wrong(`line ${number}: ${error.message}`);
      throw error;
    }
  }
  if (!ended) fail('the end is missing');
  for (const [stream, head] of heads) {
    if (head.version === 0) fail(`${stream}: no event`);
    for (const type of head.untold) console.log(`${stream}: no schema of ${type}`);
    console.log(`${stream}: ${head.version} events, from its first, none missing between`);
  }
  console.log(checkpoint
    ? `${covered} of ${events} events are in the tree of ${checkpoint.size} events of ${checkpoint.origin}`
      + (key ? ', whose checkpoint is signed with this key' : '; the signature was not looked at (--key)')
    : `${events} events are hashed; no checkpoint is there`);
}

const [file, option, keyFile, ...more] = process.argv.slice(2);
if (!file || more.length || (option !== undefined && (option !== '--key' || !keyFile))) {
  console.error('usage: node verify.mjs EXPORT [--key PUBLIC-KEY.pem]');
  process.exit(2);
}
let key;
try {
  key = keyFile && createPublicKey(readFileSync(keyFile));
} catch (error) {
  console.error(`--key: '${keyFile}': ${error.message}`);
  process.exit(2);
}
try {
  await verifyExport(file, key);
} catch (error) {
  if (!(error instanceof Wrong) && error.code === undefined) throw error;
  console.error(error instanceof Wrong ? `not as it was sealed: ${error.message}` : `'${file}': ${error.message}`);
  process.exit(error instanceof Wrong ? 1 : 2);
}
