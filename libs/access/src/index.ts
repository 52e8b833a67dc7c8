export { ApiKeys, type Principal } from './api-keys.port.js';
