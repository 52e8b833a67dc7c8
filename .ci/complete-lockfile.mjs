// node .ci/complete-lockfile.mjs: adds to package-lock.json the packages for other platforms that npm left out.
// A registry that serves only some platforms makes `npm install` forget the optional packages of the others, and then `npm ci` refuses the
// lockfile everywhere. Their parents name them with exact versions; an entry without a checksum is what npm itself writes for a package it
// did not download. `--check` only says whether any are missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { packages } = lock;

/** Where Node would find `name` from the package at `path`; undefined when it is nowhere. */
function placeOf(path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (place in packages) return place;
    if (folder === '') return undefined;
  }
}

const PLATFORM =
  /-(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(gnu|musl|msvc|eabi|gnueabihf|musleabihf))?$/;
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const missing = [];
for (const [path, parent] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (placeOf(path, name) === undefined) missing.push({ name, version, parent: path, dev: parent.dev === true });
  }
}

for (const { name, version, parent, dev } of missing) {
  const platform = PLATFORM.exec(name);
  if (!platform || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version))
    throw new Error(`${parent} wants ${name}@${version}: no platform or no exact version. Add it by hand.`);
  const [, os, cpu, abi] = platform;
  packages[`node_modules/${name}`] = {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(os === 'linux' && LIBC[abi] ? { libc: [LIBC[abi]] } : {}),
    optional: true,
    os: [os],
  };
}

const names = missing.map(({ name }) => name);
if (names.length === 0) console.log('package-lock.json names the packages of every platform');
else if (process.argv.includes('--check')) {
  console.error(`package-lock.json lacks ${names.join(', ')}; node .ci/complete-lockfile.mjs adds them`);
  process.exitCode = 1;
} else {
  const [[top, root], ...others] = Object.entries(packages);
  lock.packages = Object.fromEntries([[top, root], ...others.sort(([a], [b]) => a.localeCompare(b, 'en'))]);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added ${names.length} packages`);
}
