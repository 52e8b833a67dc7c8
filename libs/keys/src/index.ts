export { fingerprintOf, fingerprintsOf } from './fingerprint.js';
export { KeyRings, type IdentityKey, type KeyRing } from './key-rings.port.js';
